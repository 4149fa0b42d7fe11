import { type Account, emptyCodeHash } from "@koinon/ethereum/account";
import { keccakHex } from "@koinon/ethereum/hash";
import type { StateChanges } from "@koinon/ethereum/state-access";
import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";
import type { ProbingStateReader } from "../src/block-execution.ts";

/** An account of a test's state. */
export interface AccountSpec {
  readonly balance?: bigint;
  readonly nonce?: bigint;
  readonly code?: Uint8Array;
  readonly storage?: readonly (readonly [slot: bigint, value: bigint])[];
}

/** A state in maps. */
export class MemoryState implements ProbingStateReader {
  readonly accounts = new Map<Address, Account>();
  readonly slots = new Map<Address, Map<bigint, bigint>>();
  readonly codes = new Map<Hex, Uint8Array>();

  constructor(accounts: Iterable<readonly [Address, AccountSpec]> = []) {
    for (const [address, spec] of accounts) this.put(address, spec);
  }

  put(address: Address, { balance = 0n, nonce = 0n, code, storage = [] }: AccountSpec): void {
    const codeHash = code === undefined || code.length === 0 ? emptyCodeHash : keccakHex(code);
    if (code !== undefined) this.codes.set(codeHash, code);
    this.accounts.set(address, { balance, nonce, codeHash });
    this.slots.set(address, new Map(storage));
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

  apply(changes: StateChanges): void {
    for (const address of changes.clearedStorage) this.slots.delete(address);
    for (const [address, account] of changes.accounts) {
      if (account === undefined) this.accounts.delete(address);
      else this.accounts.set(address, account);
    }
    for (const [address, words] of changes.storage) {
      const slots = this.slots.get(address) ?? new Map<bigint, bigint>();
      this.slots.set(address, slots);
      for (const [slot, value] of words) {
        if (value === 0n) slots.delete(slot);
        else slots.set(slot, value);
      }
    }
    for (const [hash, code] of changes.code) this.codes.set(hash, code);
  }

  /** The state as lines of text in a fixed order, for comparisons. */
  dump(): string[] {
    const lines: string[] = [];
    for (const [address, { nonce, balance, codeHash }] of this.accounts) {
      const slots = [...(this.slots.get(address) ?? [])].filter(([, value]) => value !== 0n);
      const words = slots.map(([slot, value]) => `${slot.toString(16)}=${value.toString(16)}`).sort();
      lines.push(`${address} nonce ${nonce} balance ${balance} code ${codeHash} storage ${words.join(" ")}`);
    }
    return lines.sort();
  }
}
