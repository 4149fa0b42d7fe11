import type { ChainView } from "../chain-view.ts";
import { defaultLimits } from "./limits.ts";
import type { Methods } from "./method.ts";
import { createAccountMethods } from "./methods/account-methods.ts";
import { createBlockMethods } from "./methods/block-methods.ts";
import { createCallThreadMethods } from "./methods/call-thread-methods.ts";
import { createNodeMethods } from "./methods/node-methods.ts";
import { createSizedMethods } from "./methods/sized-methods.ts";
import { createTransactionMethods } from "./methods/transaction-methods.ts";

/** What consensus clients may call on the port of the Engine API besides it (execution-apis, engine/common). */
const names: ReadonlySet<string> = new Set([
  "eth_blockNumber",
  "eth_call",
  "eth_chainId",
  "eth_getCode",
  "eth_getBlockByHash",
  "eth_getBlockByNumber",
  "eth_getLogs",
  "eth_sendRawTransaction",
  "eth_syncing",
]);

/** The methods of JSON-RPC that belong to the Engine API's port. */
export function createConsensusMethods(view: ChainView): Methods {
  const all: Methods = {
    ...createNodeMethods(view.reader, { clientVersion: "" }),
    ...createBlockMethods(view.reader),
    ...createAccountMethods(view, defaultLimits),
    ...createTransactionMethods(view, defaultLimits),
    ...createCallThreadMethods(view.calls, defaultLimits),
    ...createSizedMethods(view, defaultLimits),
  };
  return Object.fromEntries(Object.entries(all).filter(([name]) => names.has(name)));
}
