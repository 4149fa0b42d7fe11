import type { CallMessage } from "../../chain-view.ts";
import { serverError } from "../json-rpc-error.ts";
import type { ChainMessage } from "./call-message.ts";

/** The message without its chain id, which must be this chain's when it is there. */
export function assertChain({ chainId, ...message }: ChainMessage, expected: bigint): CallMessage {
  if (chainId !== undefined && chainId !== expected) {
    throw serverError(`chainId does not match node's (have=${chainId}, want=${expected})`);
  }
  return message;
}
