import { JsonRpcError, type JsonRpcFault, type WireError, wireCodes } from "../../jsonrpc/json-rpc-error.ts";
import type { Methods } from "../../jsonrpc/method.ts";
import type { EngineClient, ForwardedAnswer } from "./engine-client.ts";

/**
 * Methods that read a chain or send a signed transaction. Those that sign with a node's own accounts are not among them, and
 * subscriptions need a connection to the other client itself.
 */
const names = [
  ...["eth_blockNumber", "eth_call", "eth_chainId", "eth_createAccessList", "eth_estimateGas", "eth_feeHistory"],
  ...["eth_gasPrice", "eth_blobBaseFee", "eth_getBalance", "eth_getBlockByHash", "eth_getBlockByNumber"],
  ...["eth_getBlockReceipts", "eth_getBlockTransactionCountByHash", "eth_getBlockTransactionCountByNumber"],
  ...["eth_getCode", "eth_getFilterChanges", "eth_getFilterLogs", "eth_getLogs", "eth_getProof", "eth_getStorageAt"],
  ...["eth_getTransactionByBlockHashAndIndex", "eth_getTransactionByBlockNumberAndIndex", "eth_getTransactionByHash"],
  ...["eth_getTransactionCount", "eth_getTransactionReceipt", "eth_maxPriorityFeePerGas", "eth_newBlockFilter"],
  ...["eth_newFilter", "eth_newPendingTransactionFilter", "eth_sendRawTransaction", "eth_simulateV1", "eth_syncing"],
  "eth_uninstallFilter",
];

/** Methods of a chain that another client has: they are asked of it on the port of its Engine API, as far as it has them there. */
export function createForwardedMethods(
  engine: Pick<EngineClient, "forward">,
  { chainId, clientVersion }: { readonly chainId: bigint; readonly clientVersion: string },
): Methods {
  const forwarded = names.map((name) => {
    const call = async (params: readonly unknown[], { signal }: { readonly signal: AbortSignal }): Promise<unknown> =>
      resultOf(await engine.forward(name, params, signal));
    return [name, { call }] as const;
  });
  return {
    ...Object.fromEntries(forwarded),
    net_version: { call: () => chainId.toString() },
    web3_clientVersion: { call: () => clientVersion },
  };
}

function resultOf(answer: ForwardedAnswer): unknown {
  if ("result" in answer) return answer.result;
  throw new JsonRpcError(faultOf(answer.refusal));
}

/** Numbers that no kind of failure here has are told as the general one. */
function faultOf({ code, message, data }: WireError): JsonRpcFault {
  const kinds = Object.keys(wireCodes) as (keyof typeof wireCodes)[];
  const kind = kinds.find((name) => wireCodes[name] === code) ?? "SERVER_ERROR";
  return { code: kind, message, ...(data === undefined ? {} : { data }) };
}
