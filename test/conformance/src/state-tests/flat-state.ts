import { type Account, emptyCodeHash } from "@koinon/ethereum/account";
import { keccakHex } from "@koinon/ethereum/hash";
import { encodeRlp } from "@koinon/ethereum/rlp";
import type { StateChanges } from "@koinon/ethereum/state-access";
import { wordToBytes } from "@koinon/ethereum/word";
import type { ProbingStateReader } from "@koinon/evm/block-execution";
import type { Address } from "@koinon/secp256k1/address";
import { bytesToHex, type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import { keccak256 } from "@koinon/secp256k1/keccak";
import { MemoryTrie } from "@koinon/trie/memory-trie";
import type { FixtureAccount } from "./fixture.ts";

/** A state in maps, with the root that its tries have. */
export class FlatState implements ProbingStateReader {
  private readonly accounts = new Map<Address, Account>();
  private readonly slots = new Map<Address, Map<bigint, bigint>>();
  private readonly codes = new Map<Hex, Uint8Array>();

  /** A state with these accounts. */
  static from(accounts: Readonly<Record<Address, FixtureAccount>>): FlatState {
    const state = new FlatState();
    for (const [address, { balance, code, nonce, storage }] of Object.entries(accounts) as [
      Address,
      FixtureAccount,
    ][]) {
      const bytes = hexToBytes(code);
      const codeHash = bytes.length === 0 ? emptyCodeHash : keccakHex(bytes);
      state.codes.set(codeHash, bytes);
      state.accounts.set(address, { balance: BigInt(balance), nonce: BigInt(nonce), codeHash });
      const words = Object.entries(storage).map(([slot, value]) => [BigInt(slot), BigInt(value)] as const);
      state.slots.set(address, new Map(words.filter(([, value]) => value !== 0n)));
    }
    return state;
  }

  account(address: Address): Account | undefined {
    return this.accounts.get(address);
  }

  storage(address: Address, slot: bigint): bigint {
    return this.slots.get(address)?.get(slot) ?? 0n;
  }

  hasStorage(address: Address): boolean {
    return (this.slots.get(address)?.size ?? 0) > 0;
  }

  code(codeHash: Hex): Uint8Array {
    const code = this.codes.get(codeHash);
    if (code === undefined) throw new Error(`no code ${codeHash}`);
    return code;
  }

  /** Applies what an execution changed. */
  apply(changes: StateChanges): void {
    for (const address of changes.clearedStorage) this.slots.delete(address);
    for (const [address, account] of changes.accounts) {
      if (account === undefined) this.accounts.delete(address);
      else this.accounts.set(address, account);
    }
    for (const [address, words] of changes.storage) {
      const slots = this.slots.get(address) ?? new Map<bigint, bigint>();
      for (const [slot, value] of words) {
        if (value === 0n) slots.delete(slot);
        else slots.set(slot, value);
      }
      this.slots.set(address, slots);
    }
    for (const [hash, code] of changes.code) this.codes.set(hash, code);
  }

  /** The Merkle-Patricia root. */
  root(): Hex {
    const trie = new MemoryTrie();
    const entries: [Uint8Array, Uint8Array][] = [];
    for (const [address, { nonce, balance, codeHash }] of this.accounts) {
      const value = encodeRlp([nonce, balance, this.storageRoot(address), codeHash]);
      entries.push([keccak256(hexToBytes(address)), value]);
    }
    return bytesToHex(trie.update(entries));
  }

  private storageRoot(address: Address): Uint8Array {
    const trie = new MemoryTrie();
    const entries: [Uint8Array, Uint8Array][] = [];
    for (const [slot, value] of this.slots.get(address) ?? []) {
      entries.push([keccak256(wordToBytes(slot)), encodeRlp(value)]);
    }
    return trie.update(entries);
  }
}
