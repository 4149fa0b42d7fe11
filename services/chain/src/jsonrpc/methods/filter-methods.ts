import type { Hex } from "@koinon/secp256k1/hex";
import type { ChainView } from "../../chain-view.ts";
import { logQueryToJson, readLogQuery } from "../codec/log-query.ts";
import { readBoolean } from "../codec/object.ts";
import { optional, required } from "../codec/parameter.ts";
import { malformed } from "../codec/value-error.ts";
import { createBlockFilter, createLogFilter } from "../filters/filter.ts";
import type { FilterRegistry } from "../filters/filter-registry.ts";
import { createPendingFilter } from "../filters/pending-filter.ts";
import { serverError } from "../json-rpc-error.ts";
import type { JsonRpcLimits } from "../limits.ts";
import { type Methods, method } from "../method.ts";

/** eth_newFilter and its kin: for clients that poll. */
export function createFilterMethods(view: ChainView, filters: FilterRegistry, limits: JsonRpcLimits): Methods {
  const { reader, mempool } = view;
  const id = required(readFilterId);
  return {
    eth_newBlockFilter: method([], () => filters.add(() => createBlockFilter(reader, limits.filterBlocksMax))),
    eth_newPendingTransactionFilter: method([optional(readBoolean, false)], ([isFull]) => {
      const { filterQueueMax: queueMax, responseLengthMax } = limits;
      return filters.add(() => createPendingFilter(mempool, { isFull, queueMax, responseLengthMax }));
    }),
    eth_newFilter: method([required(readLogQuery)], ([query]) => {
      if (query.fromBlock === "pending" || query.toBlock === "pending") {
        throw serverError("pending logs are not supported");
      }
      if (typeof query.fromBlock === "bigint" && typeof query.toBlock === "bigint" && query.fromBlock > query.toBlock) {
        throw serverError("invalid block range params");
      }
      return filters.add(() => createLogFilter(view, query, limits));
    }),
    eth_getFilterChanges: method([id], ([wanted], { signal }) => filters.get(wanted).changes(signal)),
    eth_getFilterLogs: method([id], ([wanted], { signal }) => {
      const { query } = filters.get(wanted);
      if (query === undefined) throw serverError("filter not found");
      return view.calls.request("eth_getLogs", [logQueryToJson(query)], limits, signal);
    }),
    eth_uninstallFilter: method([id], ([wanted]) => filters.remove(wanted)),
  };
}

function readFilterId(value: unknown): Hex {
  // Any text may be asked for; what is no id is the id of nothing.
  if (typeof value !== "string") throw malformed("cannot unmarshal non-string as a filter id");
  return value.toLowerCase() as Hex;
}
