import { callMethod, callNode } from "./call-node.ts";
import type { Flow } from "./flow.ts";
import type { SignedLoad } from "./signed-load.ts";

/** A block with transactions, and when it was seen. */
export interface SeenBlock {
  readonly number: number;
  /** On the clock of `performance.now`. */
  readonly seenMs: number;
}

/** What became of a load. */
export interface Inclusions {
  /** Transactions whose receipts say success. */
  readonly successful: number;
  /** From being sent to being seen in a block, of every transaction in one, in rising order. */
  readonly latenciesMs: readonly number[];
  /** When the last transaction of the load was seen in a block; undefined when none was. */
  readonly endedMs: number | undefined;
}

/** A node that has put a load into blocks says within this what became of it. */
const readingMs = 120_000;

/**
 * Looks every transaction of a load up in the receipts of the blocks; what else is in the blocks, of an earlier load, does not count. Throws
 * when the node is too slow at telling.
 */
export async function inclusionsOf(
  url: string,
  blocks: readonly SeenBlock[],
  load: SignedLoad,
  flow: Flow,
): Promise<Inclusions> {
  const places = new Map(Array.from({ length: load.length }, (_, index) => [load.hash(index), index]));
  const latenciesMs: number[] = [];
  let successful = 0;
  let endedMs: number | undefined;
  const untilMs = performance.now() + readingMs;
  for (const { number, seenMs } of blocks) {
    for (const { status, transactionHash } of await receiptsOf(url, number, untilMs)) {
      const index = places.get(transactionHash);
      if (index === undefined) continue;
      // A transaction counts once, whatever a node says.
      places.delete(transactionHash);
      latenciesMs.push(seenMs - flow.sentMs(index));
      if (status === "0x1") successful++;
      endedMs = seenMs;
    }
  }
  return { successful, latenciesMs: latenciesMs.sort((left, right) => left - right), endedMs };
}

interface ReceiptJson {
  readonly status: string;
  readonly transactionHash: string;
}

const receiptsPerCall = 200;

/** All receipts of a block; one by one where they are too much for one answer. */
async function receiptsOf(url: string, number: number, untilMs: number): Promise<readonly ReceiptJson[]> {
  const name = `0x${number.toString(16)}`;
  const checkTime = (): void => {
    if (performance.now() > untilMs) throw new Error(`receipts were not told within ${readingMs / 1000} s`);
  };
  checkTime();
  try {
    return (await callMethod(url, "eth_getBlockReceipts", [name])) as ReceiptJson[];
  } catch {
    const block = await callMethod(url, "eth_getBlockByNumber", [name, false]);
    const { transactions } = block as { readonly transactions: readonly string[] };
    const receipts: ReceiptJson[] = [];
    for (let start = 0; start < transactions.length; start += receiptsPerCall) {
      checkTime();
      const calls = transactions.slice(start, start + receiptsPerCall).map((hash, id) => {
        return { jsonrpc: "2.0", id, method: "eth_getTransactionReceipt", params: [hash] };
      });
      for (const { result } of (await callNode(url, calls)) as { result?: ReceiptJson | null }[]) {
        if (result !== undefined && result !== null) receipts.push(result);
      }
    }
    return receipts;
  }
}
