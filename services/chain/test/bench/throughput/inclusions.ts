import type { Flow } from "./flow.ts";
import type { BenchNode } from "./nodes.ts";
import type { SignedLoad } from "./signed-load.ts";

/** A block with transactions, and when it was seen. */
export interface SeenBlock {
  readonly number: number;
  /** On the clock of `performance.now`. */
  readonly seenMs: number;
}

/** What became of a load. */
export interface Inclusions {
  /** Transactions of which the node says that they succeeded. */
  readonly successful: number;
  /** From being sent to being seen in a block, of every transaction in one, in rising order. */
  readonly latenciesMs: readonly number[];
  /** When the last transaction of the load was seen in a block; undefined when none was. */
  readonly endedMs: number | undefined;
}

/** A node that has put a load into blocks says within this what became of it. */
const readingMs = 120_000;

/**
 * Looks every transaction of a load up in the outcomes of the blocks; what else is in the blocks, of an earlier load, does not count. Throws
 * NodeTooSlow when the node is too slow at telling.
 */
export async function inclusionsOf(
  { http, outcomes }: BenchNode,
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
    for (const { hash, succeeded } of await outcomes(http, number, untilMs)) {
      const index = places.get(hash);
      if (index === undefined) continue;
      // A transaction counts once, whatever a node says.
      places.delete(hash);
      latenciesMs.push(seenMs - flow.sentMs(index));
      if (succeeded) successful++;
      endedMs = seenMs;
    }
  }
  return { successful, latenciesMs: latenciesMs.sort((left, right) => left - right), endedMs };
}
