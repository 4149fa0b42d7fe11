import type { ChainCalls } from "../../chain-view.ts";
import type { JsonRpcLimits } from "../limits.ts";
import type { Methods } from "../method.ts";

/**
 * The methods that execute, search, or read every transaction of a block: call-methods.ts, simulation-methods.ts, trace-methods.ts,
 * log-methods.ts, fee-methods.ts, block-methods.ts and raw-methods.ts have them.
 */
const names = [
  "eth_call",
  "eth_estimateGas",
  "eth_createAccessList",
  "eth_simulateV1",
  "eth_getLogs",
  "eth_gasPrice",
  "eth_maxPriorityFeePerGas",
  "eth_blobBaseFee",
  "eth_feeHistory",
  "eth_getBlockReceipts",
  "debug_getRawBlock",
  "debug_getRawReceipts",
  "debug_traceTransaction",
  "debug_traceCall",
  "debug_traceBlockByNumber",
  "debug_traceBlockByHash",
];

/** Methods whose parameters go to a call thread as they are, and whose results come from there as JSON. */
export function createCallThreadMethods(calls: ChainCalls, limits: JsonRpcLimits): Methods {
  return Object.fromEntries(
    names.map(
      (name) =>
        [name, { call: (params, { signal }) => calls.request(name, params, limits, signal) }] satisfies [
          string,
          Methods[string],
        ],
    ),
  );
}

/** The methods without those that have another home. */
export function withoutMethods(methods: Methods, others: Methods): Methods {
  return Object.fromEntries(Object.entries(methods).filter(([name]) => !Object.hasOwn(others, name)));
}
