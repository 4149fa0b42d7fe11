import { type Account, emptyCodeHash } from "@koinon/ethereum/account";
import { encodeRlp } from "@koinon/ethereum/rlp";
import { RlpReader } from "@koinon/ethereum/rlp-reader";
import { bytesToHex, type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import { emptyRoot } from "@koinon/trie/node-reader";

/** An account with the root of its storage trie. */
export interface AccountRecord extends Account {
  readonly storageRoot: Hex;
}

/** Root of the storage trie of an account that stores nothing. */
export const emptyStorageRoot: Hex = bytesToHex(emptyRoot);

const emptyRootBytes = hexToBytes(emptyStorageRoot);
const emptyCodeHashBytes = hexToBytes(emptyCodeHash);
const none = new Uint8Array(0);

/** The leaf of the account trie: RLP of nonce, balance, storage root, code hash (yellow paper section 4.1). */
export function encodeAccountLeaf(account: AccountRecord): Uint8Array {
  return encodeRlp([account.nonce, account.balance, hashBytes(account.storageRoot), hashBytes(account.codeHash)]);
}

/** The account as the flat table holds it: the same list with no bytes for the root and hash of nothing. */
export function encodeAccountRecord(account: AccountRecord): Uint8Array {
  const root = account.storageRoot === emptyStorageRoot ? none : hashBytes(account.storageRoot);
  const codeHash = account.codeHash === emptyCodeHash ? none : hashBytes(account.codeHash);
  return encodeRlp([account.nonce, account.balance, root, codeHash]);
}

/** Reads what `encodeAccountRecord` wrote; throws EthereumError for anything else. */
export function decodeAccountRecord(bytes: Uint8Array): AccountRecord {
  const outer = new RlpReader(bytes);
  const fields = outer.list();
  outer.finish();
  const nonce = fields.integer(8);
  const balance = fields.integer(32);
  const root = fields.bytes();
  const codeHash = fields.bytes();
  fields.finish();
  return {
    nonce,
    balance,
    storageRoot: root.length === 0 ? emptyStorageRoot : bytesToHex(root),
    codeHash: codeHash.length === 0 ? emptyCodeHash : bytesToHex(codeHash),
  };
}

function hashBytes(hash: Hex): Uint8Array {
  if (hash === emptyStorageRoot) return emptyRootBytes;
  return hash === emptyCodeHash ? emptyCodeHashBytes : hexToBytes(hash);
}
