import {
  type AccessListEntry,
  type Authorization,
  effectiveTip,
  maxFeePerGas,
  type Signature,
  type TransactionPayload,
} from "@koinon/ethereum/transaction";
import type { Address } from "@koinon/secp256k1/address";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import { wordHex } from "../codec/bytes.ts";
import { quantity } from "../codec/quantity.ts";

/** Where a transaction stands in the chain, and the base fee that it pays there. */
export interface TransactionPlace {
  readonly blockHash: Hex;
  readonly blockNumber: bigint;
  readonly transactionIndex: number;
  /** Wei per gas. */
  readonly baseFeePerGas: bigint;
}

/** A transaction that can be shown; one that is only simulated has the signature of nobody. */
export interface ShownTransaction {
  readonly transaction: TransactionPayload & { readonly signature: Signature };
  readonly hash: Hex;
  readonly sender: Address;
}

/** The RPC form of a transaction; without a place it is one that waits. */
export function transactionToJson(
  { transaction, hash, sender }: ShownTransaction,
  place: TransactionPlace | undefined,
): Record<string, unknown> {
  const price =
    place === undefined
      ? maxFeePerGas(transaction)
      : place.baseFeePerGas + effectiveTip(transaction, place.baseFeePerGas);
  return {
    blockHash: place?.blockHash ?? null,
    blockNumber: place === undefined ? null : quantity(place.blockNumber),
    from: sender,
    gas: quantity(transaction.gasLimit),
    gasPrice: quantity(price),
    hash,
    input: bytesToHex(transaction.data),
    nonce: quantity(transaction.nonce),
    to: transaction.to ?? null,
    transactionIndex: place === undefined ? null : quantity(place.transactionIndex),
    value: quantity(transaction.value),
    type: quantity(transaction.type),
    ...typeFields(transaction),
    ...signatureFields(transaction),
  };
}

function typeFields(transaction: TransactionPayload): Record<string, unknown> {
  if (transaction.type === 0) {
    return transaction.chainId === undefined ? {} : { chainId: quantity(transaction.chainId) };
  }
  const fields: Record<string, unknown> = {
    chainId: quantity(transaction.chainId),
    accessList: accessListToJson(transaction.accessList),
  };
  if (transaction.type === 1) return fields;
  fields.maxFeePerGas = quantity(transaction.maxFeePerGas);
  fields.maxPriorityFeePerGas = quantity(transaction.maxPriorityFeePerGas);
  if (transaction.type === 3) {
    fields.maxFeePerBlobGas = quantity(transaction.maxFeePerBlobGas);
    fields.blobVersionedHashes = transaction.blobVersionedHashes;
  }
  if (transaction.type === 4) fields.authorizationList = transaction.authorizationList.map(authorizationToJson);
  return fields;
}

function signatureFields({ type, chainId, signature }: ShownTransaction["transaction"]): Record<string, Hex> {
  const { yParity, r, s } = signature;
  const parity = quantity(yParity);
  if (type !== 0) return { v: parity, r: quantity(r), s: quantity(s), yParity: parity };
  // EIP-155.
  const v = BigInt(yParity) + (chainId === undefined ? 27n : 35n + 2n * chainId);
  return { v: quantity(v), r: quantity(r), s: quantity(s) };
}

/** The RPC form of an access list (EIP-2930). */
export function accessListToJson(list: readonly AccessListEntry[]): { address: Address; storageKeys: Hex[] }[] {
  return list.map(({ address, storageKeys }) => ({ address, storageKeys: storageKeys.map(wordHex) }));
}

function authorizationToJson({ chainId, address, nonce, yParity, r, s }: Authorization): Record<string, Hex> {
  return {
    chainId: quantity(chainId),
    address,
    nonce: quantity(nonce),
    yParity: quantity(yParity),
    r: quantity(r),
    s: quantity(s),
  };
}
