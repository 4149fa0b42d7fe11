import { encodeRlp, type RlpInput } from "./rlp.ts";
import type { AccessListEntry, Authorization, Signature, Transaction, TransactionPayload } from "./transaction.ts";
import { wordToBytes } from "./word.ts";

const noBytes = new Uint8Array(0);

/** The canonical EIP-2718 bytes of a signed transaction; their Keccak-256 is its hash. */
export function encodeTransaction(transaction: Transaction): Uint8Array {
  const { signature } = transaction;
  const fields = payloadFields(transaction);
  if (transaction.type === 0) {
    fields.push(legacyV(transaction.chainId, signature), signature.r, signature.s);
    return encodeRlp(fields);
  }
  fields.push(signature.yParity, signature.r, signature.s);
  return encodeRlp(fields, transaction.type);
}

/** The bytes whose Keccak-256 is signed (EIP-155, EIP-2718). */
export function encodeForSigning(payload: TransactionPayload): Uint8Array {
  const fields = payloadFields(payload);
  if (payload.type !== 0) return encodeRlp(fields, payload.type);
  if (payload.chainId !== undefined) fields.push(payload.chainId, 0, 0);
  return encodeRlp(fields);
}

function legacyV(chainId: bigint | undefined, { yParity }: Signature): bigint {
  return BigInt(yParity) + (chainId === undefined ? 27n : 35n + 2n * chainId);
}

function payloadFields(payload: TransactionPayload): RlpInput[] {
  const { nonce, gasLimit, value, data } = payload;
  const to = payload.to ?? noBytes;
  switch (payload.type) {
    case 0:
      return [nonce, payload.gasPrice, gasLimit, to, value, data];
    case 1:
      return [payload.chainId, nonce, payload.gasPrice, gasLimit, to, value, data, accessListItem(payload.accessList)];
    default: {
      const fees = [payload.chainId, nonce, payload.maxPriorityFeePerGas, payload.maxFeePerGas, gasLimit];
      const fields: RlpInput[] = [...fees, to, value, data, accessListItem(payload.accessList)];
      if (payload.type === 3) fields.push(payload.maxFeePerBlobGas, payload.blobVersionedHashes);
      if (payload.type === 4) fields.push(payload.authorizationList.map(authorizationItem));
      return fields;
    }
  }
}

function accessListItem(accessList: readonly AccessListEntry[]): RlpInput {
  return accessList.map(({ address, storageKeys }) => [address, storageKeys.map(wordToBytes)]);
}

function authorizationItem({ chainId, address, nonce, yParity, r, s }: Authorization): RlpInput {
  return [chainId, address, nonce, yParity, r, s];
}
