import { isFault } from "@koinon/errors/domain-error";
import type { Hex } from "@koinon/secp256k1/hex";
import type { ChainCalls, ChainReader, ChainView } from "../../chain-view.ts";
import { type LogQuery, logFilterToJson } from "../codec/log-query.ts";
import { quantity } from "../codec/quantity.ts";
import type { JsonRpcLimits } from "../limits.ts";
import type { JsonText } from "../message.ts";
import { ChainPosition } from "./chain-position.ts";

/** What a client polls. */
export interface Filter {
  /** What is new since the last time. */
  changes(signal: AbortSignal): Promise<readonly unknown[] | JsonText>;
  /** The query of a log filter, undefined for others. */
  readonly query: LogQuery | undefined;
  close(): void;
}

/** Hashes of new blocks, at most `blocksMax` an answer; the rest comes with the next one. */
export function createBlockFilter(reader: ChainReader, blocksMax: bigint): Filter {
  const position = new ChainPosition(reader);
  return {
    query: undefined,
    close: () => undefined,
    changes: async () => {
      const hashes: Hex[] = [];
      const { from, to } = position.next(blocksMax);
      for (let number = from; number <= to; number++) {
        const hash = reader.header(number)?.hash;
        if (hash !== undefined) hashes.push(hash);
      }
      position.advance(to);
      return hashes;
    },
  };
}

/**
 * Logs of new blocks. Where an answer would be too large, fewer blocks are looked at and the rest comes with the next one. An
 * upper end of the query's range holds; a lower one matters to eth_getFilterLogs alone, as in geth.
 */
export function createLogFilter(
  { reader, calls }: Pick<ChainView, "reader" | "calls">,
  query: LogQuery,
  limits: JsonRpcLimits,
): Filter {
  const position = new ChainPosition(reader);
  return {
    query,
    close: () => undefined,
    changes: async (signal) => {
      const { from, to: last } = position.next(limits.logBlocksMax);
      const end = typeof query.toBlock === "bigint" && query.toBlock < last ? query.toBlock : last;
      let to = end;
      while (from <= to) {
        const found = await logsWithin(calls, query, { from, to }, { limits, signal });
        if (found !== undefined) {
          position.advance(to === end ? last : to);
          return found;
        }
        // One block has too many: they would never fit.
        if (to === from) break;
        to = from + (to - from) / 2n;
      }
      position.advance(from > to ? last : from);
      return [];
    },
  };
}

async function logsWithin(
  calls: ChainCalls,
  { filter }: LogQuery,
  { from, to }: { from: bigint; to: bigint },
  { limits, signal }: { readonly limits: JsonRpcLimits; readonly signal: AbortSignal },
): Promise<JsonText | undefined> {
  const range = { fromBlock: quantity(from), toBlock: quantity(to) };
  try {
    return await calls.request("eth_getLogs", [{ ...logFilterToJson(filter), ...range }], limits, signal);
  } catch (error) {
    if (isFault(error, "TOO_MANY_LOGS") || isFault(error, "RESPONSE_TOO_LARGE")) return undefined;
    throw error;
  }
}
