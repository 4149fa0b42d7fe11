import type { ChainLog } from "../chain-view.ts";

/** What subscribers get at once: far below the 4 MiB that gRPC clients take unless told otherwise. */
export const partBytesMax = 2 ** 20;
/** Address, transaction hash, indexes and the encoding around them. */
const logBytesBeside = 80;
const topicBytes = 34;

/** Logs in order, cut where a part would become larger than `bytesMax`; a log that is larger has one to itself. At least one part, maybe empty. */
export function* logParts(logs: readonly ChainLog[], bytesMax: number): Iterable<readonly ChainLog[]> {
  let first = 0;
  let sizeBytes = 0;
  for (const [index, { log }] of logs.entries()) {
    const logBytes = log.data.length + topicBytes * log.topics.length + logBytesBeside;
    if (index > first && sizeBytes + logBytes > bytesMax) {
      yield logs.slice(first, index);
      first = index;
      sizeBytes = 0;
    }
    sizeBytes += logBytes;
  }
  yield logs.slice(first);
}
