import type { BlockRef, ChainReader, LogSearch } from "../../chain-view.ts";
import { type LogQuery, readLogQuery } from "../codec/log-query.ts";
import { required } from "../codec/parameter.ts";
import { chainLogToJson } from "../json/receipt-json.ts";
import { serverError } from "../json-rpc-error.ts";
import type { JsonRpcLimits } from "../limits.ts";
import { type Methods, method } from "../method.ts";
import { requiredHeader } from "../required-block.ts";

/** eth_getLogs. */
export function createLogMethods(
  { reader, search }: { readonly reader: ChainReader; readonly search: LogSearch },
  { logsMax, logBlocksMax: blocksMax }: JsonRpcLimits,
): Methods {
  return {
    eth_getLogs: method([required(readLogQuery)], async ([query], { signal }) => {
      const found = await search(query.filter, logRange(reader, query), { logsMax, blocksMax, signal });
      return found.map(chainLogToJson);
    }),
  };
}

function logRange(reader: ChainReader, query: LogQuery): { from: bigint; to: bigint } {
  if (query.blockHash !== undefined) {
    const block = reader.header(query.blockHash);
    if (block === undefined) throw serverError("unknown block");
    return { from: block.header.number, to: block.header.number };
  }
  const head = reader.head().header.number;
  const from = numberOf(reader, query.fromBlock ?? "latest");
  const to = numberOf(reader, query.toBlock ?? "latest");
  if (from > to || from > head) throw serverError("invalid block range params");
  // An open end is common: what is not there yet has no logs.
  return to > head ? { from, to: head } : { from, to };
}

function numberOf(reader: ChainReader, ref: BlockRef): bigint {
  if (ref === "pending") throw serverError("pending logs are not supported");
  return typeof ref === "bigint" ? ref : requiredHeader(reader, ref).header.number;
}
