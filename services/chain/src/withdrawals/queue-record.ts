import { encodeRlp, encodeRlpList } from "@koinon/ethereum/rlp";
import { RlpReader } from "@koinon/ethereum/rlp-reader";
import { encodeWithdrawal, readWithdrawal, type Withdrawal } from "@koinon/ethereum/withdrawal";

/** A withdrawal with the id of the request for it. */
export interface QueueRecord {
  readonly requestId: string;
  readonly withdrawal: Withdrawal;
}

/** The record as it stands on disk: RLP of the id and the withdrawal. */
export function encodeQueueRecord({ requestId, withdrawal }: QueueRecord): Uint8Array {
  return encodeRlpList([encodeRlp(requestIdKey(requestId)), encodeWithdrawal(withdrawal)]);
}

/** Reads what `encodeQueueRecord` wrote. */
export function decodeQueueRecord(bytes: Uint8Array): QueueRecord {
  const fields = new RlpReader(bytes).list();
  return { requestId: new TextDecoder().decode(fields.bytes()), withdrawal: readWithdrawal(fields) };
}

/** Key of a request: its id, which is ASCII. */
export function requestIdKey(requestId: string): Uint8Array {
  return new TextEncoder().encode(requestId);
}
