import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";

/** A recoverable signature; that it is in range and low is checked when the signer is recovered. */
export interface Signature {
  readonly yParity: 0 | 1;
  readonly r: bigint;
  readonly s: bigint;
}

/** One entry of an EIP-2930 access list. */
export interface AccessListEntry {
  readonly address: Address;
  /** 256-bit slots, in the list's order, repetitions included. */
  readonly storageKeys: readonly bigint[];
}

/** One EIP-7702 authorization; it may be invalid (its signature too) without making the transaction invalid. */
export interface Authorization {
  /** 0 means any chain. */
  readonly chainId: bigint;
  readonly address: Address;
  readonly nonce: bigint;
  /** 0 to 255; only 0 and 1 can be valid. */
  readonly yParity: number;
  readonly r: bigint;
  readonly s: bigint;
}

interface Payload {
  readonly nonce: bigint;
  readonly gasLimit: bigint;
  /** Wei. */
  readonly value: bigint;
  /** Call data, or init code when there is no recipient. */
  readonly data: Uint8Array;
}

interface MayCreate {
  /** Undefined creates a contract. */
  readonly to: Address | undefined;
}

interface AccessListed {
  readonly chainId: bigint;
  readonly accessList: readonly AccessListEntry[];
}

interface DynamicFee {
  /** Wei per gas. */
  readonly maxPriorityFeePerGas: bigint;
  /** Wei per gas. */
  readonly maxFeePerGas: bigint;
}

/** The original transaction, replay-protected (EIP-155) when it names a chain. */
export interface LegacyPayload extends Payload, MayCreate {
  readonly type: 0;
  readonly chainId: bigint | undefined;
  /** Wei per gas. */
  readonly gasPrice: bigint;
}

/** EIP-2930. */
export interface AccessListPayload extends Payload, MayCreate, AccessListed {
  readonly type: 1;
  /** Wei per gas. */
  readonly gasPrice: bigint;
}

/** EIP-1559. */
export interface DynamicFeePayload extends Payload, MayCreate, AccessListed, DynamicFee {
  readonly type: 2;
}

/** EIP-4844, without the sidecar. */
export interface BlobPayload extends Payload, AccessListed, DynamicFee {
  readonly type: 3;
  readonly to: Address;
  /** Wei per blob gas. */
  readonly maxFeePerBlobGas: bigint;
  /** 32 bytes each. */
  readonly blobVersionedHashes: readonly Hex[];
}

/** EIP-7702. */
export interface SetCodePayload extends Payload, AccessListed, DynamicFee {
  readonly type: 4;
  readonly to: Address;
  readonly authorizationList: readonly Authorization[];
}

/** What is signed. */
export type TransactionPayload = LegacyPayload | AccessListPayload | DynamicFeePayload | BlobPayload | SetCodePayload;

/** A signed transaction; `type` is its EIP-2718 type, 0 for legacy. */
export type Transaction = TransactionPayload & { readonly signature: Signature };

/** A transaction as its bytes, with what is dear to derive from them: what waits in a pool and stands in a block. */
export interface EncodedTransaction {
  /** The canonical EIP-2718 encoding. */
  readonly raw: Uint8Array;
  readonly hash: Hex;
  readonly sender: Address;
  /** What is signed, where that is at hand; elsewhere it is decoded from the bytes by whoever needs it, and not kept. */
  readonly transaction?: TransactionPayload | undefined;
}

/** A transaction with its fields. */
export interface RecoveredTransaction extends EncodedTransaction {
  readonly transaction: Transaction;
}

/** The most that the sender pays per gas, in wei. */
export function maxFeePerGas(transaction: TransactionPayload): bigint {
  return transaction.type === 0 || transaction.type === 1 ? transaction.gasPrice : transaction.maxFeePerGas;
}

/** The most that the block's beneficiary gets per gas, in wei. */
export function maxPriorityFeePerGas(transaction: TransactionPayload): bigint {
  if (transaction.type === 0 || transaction.type === 1) return transaction.gasPrice;
  return transaction.maxPriorityFeePerGas;
}

/** What the beneficiary gets per gas under a base fee (EIP-1559), in wei; negative when the base fee is not covered. */
export function effectiveTip(transaction: TransactionPayload, baseFeePerGas: bigint): bigint {
  return tipWithin(maxFeePerGas(transaction), maxPriorityFeePerGas(transaction), baseFeePerGas);
}

/** The tip that is left of a fee cap under a base fee, in wei per gas (EIP-1559); negative when the cap does not cover that. */
export function tipWithin(maxFee: bigint, maxTip: bigint, baseFeePerGas: bigint): bigint {
  const affordable = maxFee - baseFeePerGas;
  return maxTip < affordable ? maxTip : affordable;
}
