import { type Account, emptyCodeHash } from "@koinon/ethereum/account";
import { encodeRlp } from "@koinon/ethereum/rlp";
import type { StateChanges, StateReader } from "@koinon/ethereum/state-access";
import { wordToBytes } from "@koinon/ethereum/word";
import type { Address } from "@koinon/secp256k1/address";
import { bytesToHex, type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import { keccak256 } from "@koinon/secp256k1/keccak";
import { MemoryTrie } from "@koinon/trie/memory-trie";

/** An account of a state that begins in memory; what is left out is zero or empty. */
export interface MemoryAccount {
  readonly balance?: bigint;
  readonly nonce?: bigint;
  readonly code?: Uint8Array;
  readonly storage?: Iterable<readonly [slot: bigint, word: bigint]>;
}

const noCode = new Uint8Array(0);

/** A state in maps, without disk, history or candidates: for executing something on accounts that are given. */
export class MemoryState implements StateReader {
  readonly #accounts = new Map<Address, Account>();
  /** Words by slot, in hex, because JavaScript hashes bigints by their low bits alone; none of them is zero. */
  readonly #slots = new Map<Address, Map<string, bigint>>();
  readonly #codes = new Map<Hex, Uint8Array>();

  constructor(accounts: Iterable<readonly [Address, MemoryAccount]> = []) {
    for (const [address, account] of accounts) this.put(address, account);
  }

  /** Puts an account in the place of whatever was there. */
  put(address: Address, { balance = 0n, nonce = 0n, code = noCode, storage = [] }: MemoryAccount): void {
    const codeHash = code.length === 0 ? emptyCodeHash : bytesToHex(keccak256(code));
    this.#codes.set(codeHash, code);
    this.#accounts.set(address, { balance, nonce, codeHash });
    this.#slots.delete(address);
    this.#store(address, storage);
  }

  account(address: Address): Account | undefined {
    return this.#accounts.get(address);
  }

  storage(address: Address, slot: bigint): bigint {
    return this.#slots.get(address)?.get(slot.toString(16)) ?? 0n;
  }

  hasStorage(address: Address): boolean {
    return this.#slots.has(address);
  }

  code(codeHash: Hex): Uint8Array {
    const code = codeHash === emptyCodeHash ? noCode : this.#codes.get(codeHash);
    if (code === undefined) throw new TypeError(`no code ${codeHash}`);
    return code;
  }

  /** Takes over what an execution changed. */
  apply({ accounts, storage, clearedStorage, code }: StateChanges): void {
    for (const address of clearedStorage) this.#slots.delete(address);
    for (const [address, account] of accounts) {
      if (account !== undefined) this.#accounts.set(address, account);
      else {
        this.#accounts.delete(address);
        this.#slots.delete(address);
      }
    }
    for (const [address, words] of storage) this.#store(address, words);
    for (const [hash, bytes] of code) this.#codes.set(hash, bytes);
  }

  /** The Merkle-Patricia root, computed from nothing. */
  root(): Hex {
    const leaves = [...this.#accounts].map(([address, { nonce, balance, codeHash }]): [Uint8Array, Uint8Array] => [
      keccak256(hexToBytes(address)),
      encodeRlp([nonce, balance, this.#storageRoot(address), codeHash]),
    ]);
    return bytesToHex(new MemoryTrie().update(leaves));
  }

  /** The state as lines of text in a fixed order, for comparisons. */
  dump(): string[] {
    const lines = [...this.#accounts].map(([address, { nonce, balance, codeHash }]) => {
      const words = [...(this.#slots.get(address) ?? [])].map(([slot, word]) => `${slot}=${word.toString(16)}`);
      return `${address} nonce ${nonce} balance ${balance} code ${codeHash} storage ${words.sort().join(" ")}`;
    });
    return lines.sort();
  }

  #store(address: Address, words: Iterable<readonly [bigint, bigint]>): void {
    const slots = this.#slots.get(address) ?? new Map<string, bigint>();
    for (const [slot, word] of words) {
      if (word === 0n) slots.delete(slot.toString(16));
      else slots.set(slot.toString(16), word);
    }
    if (slots.size === 0) this.#slots.delete(address);
    else this.#slots.set(address, slots);
  }

  #storageRoot(address: Address): Uint8Array {
    const leaves = [...(this.#slots.get(address) ?? [])].map(([slot, word]): [Uint8Array, Uint8Array] => [
      keccak256(wordToBytes(BigInt(`0x${slot}`))),
      encodeRlp(word),
    ]);
    return new MemoryTrie().update(leaves);
  }
}
