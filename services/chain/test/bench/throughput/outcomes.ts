import { callMethod, callNode } from "./call-node.ts";
import { NodeTooSlow } from "./node-too-slow.ts";

/** What a node says became of a transaction in a block. */
export interface Outcome {
  readonly hash: string;
  readonly succeeded: boolean;
}

/**
 * Asks a node for the outcomes of all transactions of a block. Throws NodeTooSlow when it has not answered at a moment on the clock of
 * `performance.now`.
 */
export type OutcomeReader = (url: string, number: number, untilMs: number) => Promise<readonly Outcome[]>;

interface ReceiptJson {
  readonly status: string;
  readonly transactionHash: string;
}

/** By the receipts of the block; one by one where they are too much for one answer. */
export const outcomesByReceipts: OutcomeReader = async (url, number, untilMs) => {
  const receipts = await callMethod(url, "eth_getBlockReceipts", [quantity(number)], leftMs(untilMs)).catch(() =>
    singleReceipts(url, number, untilMs),
  );
  return (receipts as readonly ReceiptJson[]).map(outcomeOf);
};

const receiptsPerCall = 200;

async function singleReceipts(url: string, number: number, untilMs: number): Promise<readonly ReceiptJson[]> {
  const block = await callMethod(url, "eth_getBlockByNumber", [quantity(number), false], leftMs(untilMs));
  const { transactions } = block as { readonly transactions: readonly string[] };
  const receipts: ReceiptJson[] = [];
  for (let start = 0; start < transactions.length; start += receiptsPerCall) {
    const calls = transactions.slice(start, start + receiptsPerCall).map((hash, id) => {
      return { jsonrpc: "2.0", id, method: "eth_getTransactionReceipt", params: [hash] };
    });
    for (const { result } of (await callNode(url, calls, leftMs(untilMs))) as { result?: ReceiptJson | null }[]) {
      if (result !== undefined && result !== null) receipts.push(result);
    }
  }
  return receipts;
}

interface TraceJson {
  /** Why the call failed; absent when it succeeded. */
  readonly error?: string;
  readonly traceAddress: readonly number[];
  readonly transactionHash: string;
}

const receiptsCompared = 5;

/**
 * By the outermost calls of the block's transactions, for a node that goes through the whole block for every receipt: a transaction succeeds when its
 * outermost call does. The receipts of some are asked for as well, and have to say the same.
 */
export const outcomesByTraces: OutcomeReader = async (url, number, untilMs) => {
  const traces = (await callMethod(url, "trace_block", [quantity(number)], leftMs(untilMs))) as readonly TraceJson[];
  const outcomes = traces
    .filter(({ traceAddress }) => traceAddress.length === 0)
    .map(({ transactionHash: hash, error }) => ({ hash, succeeded: error === undefined }));
  const failed = outcomes.find(({ succeeded }) => !succeeded);
  const every = Math.max(1, Math.floor(outcomes.length / receiptsCompared));
  const compared = outcomes.filter((outcome, index) => index % every === 0 || outcome === failed);
  for (const { hash, succeeded } of compared) {
    const receipt = await callMethod(url, "eth_getTransactionReceipt", [hash], leftMs(untilMs));
    if (outcomeOf(receipt as ReceiptJson).succeeded === succeeded) continue;
    throw new Error(`trace and receipt of ${hash} do not say the same`);
  }
  return outcomes;
};

function outcomeOf({ status, transactionHash }: ReceiptJson): Outcome {
  return { hash: transactionHash, succeeded: status === "0x1" };
}

function quantity(value: number): string {
  return `0x${value.toString(16)}`;
}

function leftMs(untilMs: number): number {
  const left = untilMs - performance.now();
  if (left > 0) return Math.ceil(left);
  throw new NodeTooSlow("what became of the transactions was not told in time");
}
