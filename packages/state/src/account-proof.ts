import { emptyCodeHash } from "@koinon/ethereum/account";
import type { Address } from "@koinon/secp256k1/address";
import { type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import { keccak256 } from "@koinon/secp256k1/keccak";
import { prove } from "@koinon/trie/proof";
import { emptyStorageRoot } from "./account-record.ts";
import { EntryNodes } from "./entry-nodes.ts";
import { hashedKey } from "./hashed-key.ts";
import { SourceReader } from "./source-reader.ts";
import type { StateSource } from "./state-source.ts";

/** The proof of one slot; the nodes lead from the account's storage root. */
export interface SlotProof {
  readonly slot: bigint;
  readonly value: bigint;
  readonly proof: readonly Uint8Array[];
}

/** An account, or its absence, with the nodes that prove it under a block's state root (EIP-1186). */
export interface AccountProof {
  readonly address: Address;
  readonly balance: bigint;
  readonly nonce: bigint;
  readonly codeHash: Hex;
  readonly storageHash: Hex;
  readonly accountProof: readonly Uint8Array[];
  readonly storageProof: readonly SlotProof[];
}

/**
 * Proves an account and some of its slots in a state. An account that does not exist has zeros and the hashes of nothing, as in
 * geth. Throws StateError or TrieError when the store is damaged.
 */
export function proveAccount(source: StateSource, address: Address, slots: readonly bigint[]): AccountProof {
  const reader = new SourceReader(source);
  const record = reader.record(address);
  const addressHash = keccak256(hexToBytes(address));
  const accounts = EntryNodes.ofAccounts(source);
  const storage = EntryNodes.ofStorage(source, address, hashedKey(address.slice(2)));
  return {
    address,
    balance: record?.balance ?? 0n,
    nonce: record?.nonce ?? 0n,
    codeHash: record?.codeHash ?? emptyCodeHash,
    storageHash: record?.storageRoot ?? emptyStorageRoot,
    accountProof: prove(accounts, addressHash),
    storageProof: slots.map((slot) => ({
      slot,
      value: reader.storage(address, slot),
      proof: prove(storage, slotHash(slot)),
    })),
  };
}

/** Keccak-256 of a slot's 32 bytes: its key in the storage trie. */
function slotHash(slot: bigint): Uint8Array {
  return keccak256(hexToBytes(`0x${slot.toString(16).padStart(64, "0")}`));
}
