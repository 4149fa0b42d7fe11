import type { Address } from "@koinon/secp256k1/address";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import { EthereumError } from "./fault.ts";
import { RlpReader } from "./rlp-reader.ts";
import type {
  AccessListEntry,
  AccessListPayload,
  Authorization,
  EncodedTransaction,
  RecoveredTransaction,
  Signature,
  Transaction,
  TransactionPayload,
} from "./transaction.ts";

const uint64 = 8;
const uint256 = 32;

/**
 * Decodes the canonical EIP-2718 bytes of a transaction; `data` is a view into them. Checks shape, widths and the recovery
 * value; what a chain allows is a matter of rules, who signed a matter of `recoverSender`. Throws EthereumError.
 */
export function decodeTransaction(raw: Uint8Array): Transaction {
  const type = transactionType(raw);
  const outer = new RlpReader(raw, type === 0 ? 0 : 1);
  const fields = outer.list();
  outer.finish();
  const transaction = type === 0 ? decodeLegacy(fields) : decodeTyped(type, fields);
  fields.finish();
  return transaction;
}

/** The EIP-2718 type of canonical bytes, 0 for legacy ones; throws EthereumError when there is no such type. */
export function transactionType(raw: Uint8Array): Transaction["type"] {
  const first = raw[0];
  if (first === undefined) throw new EthereumError({ code: "TRANSACTION_EMPTY" });
  if (first >= 0xc0) return 0;
  if (first === 1 || first === 2 || first === 3 || first === 4) return first;
  throw new EthereumError({ code: "TRANSACTION_TYPE_UNSUPPORTED", type: first });
}

/**
 * Decodes what is signed of bytes that `decodeTransaction` is known to take: a signature is half of the work, and nobody asks for
 * it after the sender was recovered. `data` is a view into them.
 */
export function decodePayload(raw: Uint8Array): TransactionPayload {
  const type = transactionType(raw);
  return type === 0 ? decodeTransaction(raw) : decodeTypedPayload(type, new RlpReader(raw, 1).list());
}

/** What is signed of a transaction, decoded unless it is at hand. */
export function payloadOf({ transaction, raw }: EncodedTransaction): TransactionPayload {
  return transaction ?? decodePayload(raw);
}

/** A transaction with all of its fields, decoded anew. */
export function recoveredTransaction({ raw, hash, sender }: EncodedTransaction): RecoveredTransaction {
  return { transaction: decodeTransaction(raw), raw, hash, sender };
}

/**
 * Reads a transaction as a block body holds it: a list when legacy, a string around the typed bytes otherwise. Gives its
 * canonical EIP-2718 bytes as a view.
 */
export function readRawTransaction(reader: RlpReader): Uint8Array {
  if (reader.nextIsList()) return reader.raw();
  const raw = reader.bytes();
  // A legacy transaction wrapped into a string would be a second encoding of the same transaction.
  if (raw[0] !== undefined && raw[0] >= 0xc0) {
    throw new EthereumError({ code: "TRANSACTION_TYPE_UNSUPPORTED", type: raw[0] });
  }
  return raw;
}

function decodeLegacy(fields: RlpReader): Transaction {
  const nonce = fields.integer(uint64);
  const gasPrice = fields.integer(uint256);
  const gasLimit = fields.integer(uint64);
  const to = readRecipient(fields);
  const value = fields.integer(uint256);
  const data = fields.bytes();
  const v = fields.integer(uint256);
  const r = fields.integer(uint256);
  const s = fields.integer(uint256);
  // EIP-155: v is 27 or 28 plus nothing, or 35 plus twice the chain id plus the parity.
  if (v !== 27n && v !== 28n && v < 35n) {
    throw new EthereumError({ code: "TRANSACTION_SIGNATURE_INVALID", reason: "v" });
  }
  const chainId = v < 35n ? undefined : (v - 35n) >> 1n;
  const signature: Signature = { yParity: (v & 1n) === 1n ? 0 : 1, r, s };
  return { type: 0, chainId, nonce, gasPrice, gasLimit, to, value, data, signature };
}

type TypedPayload = Exclude<TransactionPayload, { type: 0 }>;

function decodeTyped(type: TypedPayload["type"], fields: RlpReader): Transaction {
  const payload = decodeTypedPayload(type, fields);
  return { ...payload, signature: readSignature(fields) };
}

/** Reads up to the signature. */
function decodeTypedPayload(type: TypedPayload["type"], fields: RlpReader): TypedPayload {
  const chainId = fields.integer(uint256);
  const nonce = fields.integer(uint64);
  if (type === 1) return decodeAccessListPayload(fields, chainId, nonce);
  const maxPriorityFeePerGas = fields.integer(uint256);
  const maxFeePerGas = fields.integer(uint256);
  const gasLimit = fields.integer(uint64);
  const to = readRecipient(fields);
  const value = fields.integer(uint256);
  const data = fields.bytes();
  const accessList = readAccessList(fields);
  if (type === 2) {
    return { type, chainId, nonce, maxPriorityFeePerGas, maxFeePerGas, gasLimit, to, value, data, accessList };
  }
  // EIP-4844 and EIP-7702 transactions can not create contracts.
  if (to === undefined) throw new EthereumError({ code: "TRANSACTION_RECIPIENT_MISSING", type });
  const call = { chainId, nonce, maxPriorityFeePerGas, maxFeePerGas, gasLimit, to, value, data, accessList };
  if (type === 4) return { type, ...call, authorizationList: readAuthorizationList(fields) };
  const maxFeePerBlobGas = fields.integer(uint256);
  return { type, ...call, maxFeePerBlobGas, blobVersionedHashes: readHashes(fields.list()) };
}

function decodeAccessListPayload(fields: RlpReader, chainId: bigint, nonce: bigint): AccessListPayload {
  const gasPrice = fields.integer(uint256);
  const gasLimit = fields.integer(uint64);
  const to = readRecipient(fields);
  const value = fields.integer(uint256);
  const data = fields.bytes();
  return { type: 1, chainId, nonce, gasPrice, gasLimit, to, value, data, accessList: readAccessList(fields) };
}

function readSignature(fields: RlpReader): Signature {
  const yParity = fields.integer(uint256);
  if (yParity > 1n) throw new EthereumError({ code: "TRANSACTION_SIGNATURE_INVALID", reason: "v" });
  return { yParity: yParity === 0n ? 0 : 1, r: fields.integer(uint256), s: fields.integer(uint256) };
}

function readRecipient(fields: RlpReader): Address | undefined {
  const offset = fields.offset();
  const to = fields.bytes();
  if (to.length === 0) return undefined;
  if (to.length !== 20) throw new EthereumError({ code: "RLP_WRONG_LENGTH", offset, expected: 20, length: to.length });
  return bytesToHex(to);
}

function readAccessList(fields: RlpReader): AccessListEntry[] {
  const list = fields.list();
  const entries: AccessListEntry[] = [];
  while (!list.isDone()) {
    const entry = list.list();
    const address = entry.hex(20);
    const keys = entry.list();
    const storageKeys: bigint[] = [];
    while (!keys.isDone()) storageKeys.push(keys.word());
    entry.finish();
    entries.push({ address, storageKeys });
  }
  return entries;
}

function readAuthorizationList(fields: RlpReader): Authorization[] {
  const list = fields.list();
  const authorizations: Authorization[] = [];
  while (!list.isDone()) {
    const tuple = list.list();
    authorizations.push({
      chainId: tuple.integer(uint256),
      address: tuple.hex(20),
      nonce: tuple.integer(uint64),
      yParity: Number(tuple.integer(1)),
      r: tuple.integer(uint256),
      s: tuple.integer(uint256),
    });
    tuple.finish();
  }
  return authorizations;
}

function readHashes(list: RlpReader): Hex[] {
  const hashes: Hex[] = [];
  while (!list.isDone()) hashes.push(list.hex(32));
  return hashes;
}
