import type { Account } from "@koinon/ethereum/account";
import { emptyCodeHash } from "@koinon/ethereum/account";
import type { StateReader } from "@koinon/ethereum/state-access";
import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";
import { type AccountRecord, decodeAccountRecord, emptyStorageRoot } from "./account-record.ts";
import { bytesToWord } from "./slot-value.ts";
import { StateError } from "./state-error.ts";
import { accountKey, slotKey } from "./state-key.ts";
import type { StateSource } from "./state-source.ts";

const noCode = new Uint8Array(0);

/** A state as execution reads it. */
export class SourceReader implements StateReader {
  readonly #source: StateSource;

  constructor(source: StateSource) {
    this.#source = source;
  }

  account(address: Address): Account | undefined {
    return this.record(address);
  }

  /** The account with the root of its storage trie. */
  record(address: Address): AccountRecord | undefined {
    const bytes = this.#source.get(accountKey(address));
    return bytes === undefined ? undefined : decodeAccountRecord(bytes);
  }

  storage(address: Address, slot: bigint): bigint {
    const bytes = this.#source.get(slotKey(address, slot));
    return bytes === undefined ? 0n : bytesToWord(bytes);
  }

  hasStorage(address: Address): boolean {
    const record = this.record(address);
    return record !== undefined && record.storageRoot !== emptyStorageRoot;
  }

  code(codeHash: Hex): Uint8Array {
    if (codeHash === emptyCodeHash) return noCode;
    const code = this.#source.code(codeHash);
    if (code === undefined) throw new StateError({ code: "CODE_MISSING", codeHash });
    return code;
  }
}
