import type { Hex } from "@koinon/secp256k1/hex";
import type { ChainView } from "../../chain-view.ts";
import { receiptToJson } from "../json/receipt-json.ts";
import { JsonRpcError } from "../json-rpc-error.ts";

/** The receipt of a submitted transaction, once it is in a block (EIP-7966); throws code 4 with the hash when it takes too long. */
export async function waitForReceipt(
  { reader, subscriptions }: ChainView,
  hash: Hex,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<unknown> {
  const done = new AbortController();
  const timeout = AbortSignal.timeout(timeoutMs);
  const ended = AbortSignal.any([signal, timeout, done.signal]);
  // From before the first look, so that no block falls between the two.
  const blocks = subscriptions.blocks({ signal: ended });
  try {
    const early = reader.receipt(hash);
    if (early !== undefined) return receiptToJson(early);
    for await (const _ of blocks) {
      const receipt = reader.receipt(hash);
      if (receipt !== undefined) return receiptToJson(receipt);
    }
  } finally {
    done.abort();
  }
  throw new JsonRpcError({
    code: "RECEIPT_TIMEOUT",
    message: `the transaction was added to the mempool but wasn't processed in ${timeoutMs} ms`,
    data: hash,
  });
}
