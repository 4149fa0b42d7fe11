import { bloomBytes, logsBloom } from "./bloom.ts";
import { EthereumError } from "./fault.ts";
import { type Log, logItem } from "./log.ts";
import { type AllocateBytes, encodeRlp, type RlpInput } from "./rlp.ts";
import { RlpReader } from "./rlp-reader.ts";
import type { Transaction } from "./transaction.ts";

/** The outcome of a transaction as the receipts trie holds it (EIP-658, EIP-2718). */
export interface Receipt {
  readonly type: Transaction["type"];
  /** False when the transaction was reverted or ran out of gas. */
  readonly succeeded: boolean;
  /** Gas used in the block up to and with this transaction. */
  readonly cumulativeGasUsed: bigint;
  /** 256 bytes: `logsBloom(logs)`. */
  readonly bloom: Uint8Array;
  readonly logs: readonly Log[];
}

/** A receipt from what execution found; the bloom follows from the logs, in zeroed bytes of `allocate` when given. */
export function createReceipt(
  { type, succeeded, cumulativeGasUsed, logs }: Omit<Receipt, "bloom">,
  allocate?: AllocateBytes,
): Receipt {
  const bloom = logs.length === 0 ? emptyBloom : logsBloom(logs, allocate?.(bloomBytes));
  return { type, succeeded, cumulativeGasUsed, bloom, logs };
}

/** Of all receipts without logs. */
const emptyBloom = logsBloom([]);

/** The canonical EIP-2718 bytes of a receipt, in bytes of `allocate` when given. */
export function encodeReceipt(
  { type, succeeded, cumulativeGasUsed, bloom, logs }: Receipt,
  allocate?: AllocateBytes,
): Uint8Array {
  const fields: RlpInput = [succeeded ? 1 : 0, cumulativeGasUsed, bloom, logs.map(logItem)];
  return encodeRlp(fields, type === 0 ? undefined : type, allocate);
}

/** Decodes the canonical EIP-2718 bytes of a receipt; throws EthereumError, also when the bloom is not that of the logs. */
export function decodeReceipt(bytes: Uint8Array): Receipt {
  const first = bytes[0] ?? 0;
  const isTyped = first < 0xc0;
  const type = isTyped ? first : 0;
  if (isTyped && type !== 1 && type !== 2 && type !== 3 && type !== 4) {
    throw new EthereumError({ code: "RECEIPT_TYPE_UNSUPPORTED", type });
  }
  const outer = new RlpReader(bytes, isTyped ? 1 : 0);
  const fields = outer.list();
  outer.finish();
  const status = fields.integer(32);
  // Before EIP-658 there was a state root here, whose integer is neither 0 nor 1.
  if (status > 1n) throw new EthereumError({ code: "RECEIPT_STATUS_INVALID" });
  const cumulativeGasUsed = fields.integer(8);
  const bloom = fields.fixedBytes(256);
  const logs = readLogs(fields.list());
  fields.finish();
  if (!equal(bloom, logsBloom(logs))) throw new EthereumError({ code: "RECEIPT_BLOOM_MISMATCH" });
  return { type: type as Receipt["type"], succeeded: status === 1n, cumulativeGasUsed, bloom, logs };
}

function readLogs(list: RlpReader): Log[] {
  const logs: Log[] = [];
  while (!list.isDone()) {
    const fields = list.list();
    const address = fields.hex(20);
    const topicList = fields.list();
    const topics: Log["topics"][number][] = [];
    while (!topicList.isDone()) topics.push(topicList.hex(32));
    logs.push({ address, topics, data: fields.bytes() });
    fields.finish();
  }
  return logs;
}

function equal(left: Uint8Array, right: Uint8Array): boolean {
  return left.every((byte, index) => byte === right[index]);
}
