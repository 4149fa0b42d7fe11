import { zeroAddress } from "@koinon/secp256k1/address";
import { bytesToHex } from "@koinon/secp256k1/hex";
import type { CallMessage, ChainView } from "../../chain-view.ts";
import { assertChain } from "../codec/assert-chain.ts";
import { readCallMessage } from "../codec/call-message.ts";
import { required } from "../codec/parameter.ts";
import { createUnsignedTransaction, messageToPayload } from "../execution/simulated-transaction.ts";
import { failureError } from "../execution-failure.ts";
import { transactionToJson } from "../json/transaction-json.ts";
import { serverError } from "../json-rpc-error.ts";
import type { JsonRpcLimits } from "../limits.ts";
import { type Methods, method } from "../method.ts";

/** eth_fillTransaction: what a wallet would have to ask for one by one before it signs. */
export function createFillMethods(view: ChainView, limits: JsonRpcLimits): Methods {
  return {
    eth_fillTransaction: method([required(readCallMessage)], async ([given], { signal }) => {
      const { chainId } = view.reader.config;
      const message = assertChain(given, chainId);
      if (message.to === undefined && (message.data?.length ?? 0) === 0) {
        throw serverError("contract creation without any data provided");
      }
      const priced = await withFees(message, view, () => suggestedTip(view, limits, signal));
      const nonce = message.nonce ?? view.mempool.nextNonce(message.from ?? zeroAddress);
      const gas = message.gas ?? (await estimated(priced, view, signal));
      const filled = createUnsignedTransaction(messageToPayload(priced, { chainId, nonce, gas }), message.from);
      return { raw: bytesToHex(filled.raw), tx: transactionToJson(filled, undefined) };
    }),
  };
}

/** Twice the base fee, as geth does it: the transaction stays valid while the base fee rises for six full blocks. */
async function withFees(
  message: CallMessage,
  { reader }: ChainView,
  suggestTip: () => Promise<bigint>,
): Promise<CallMessage> {
  if (message.gasPrice !== undefined) return message;
  const maxPriorityFeePerGas = message.maxPriorityFeePerGas ?? (await suggestTip());
  const { baseFeePerGas } = reader.head().header;
  const maxFeePerGas = message.maxFeePerGas ?? maxPriorityFeePerGas + 2n * baseFeePerGas;
  if (maxFeePerGas < maxPriorityFeePerGas) {
    throw serverError(`maxFeePerGas (${maxFeePerGas}) < maxPriorityFeePerGas (${maxPriorityFeePerGas})`);
  }
  return { ...message, maxFeePerGas, maxPriorityFeePerGas };
}

async function suggestedTip({ calls }: ChainView, limits: JsonRpcLimits, signal: AbortSignal): Promise<bigint> {
  const { text } = await calls.request("eth_maxPriorityFeePerGas", [], limits, signal);
  return BigInt(JSON.parse(text) as string);
}

async function estimated(message: CallMessage, { calls }: ChainView, signal: AbortSignal): Promise<bigint> {
  const estimate = await calls.estimate(message, "latest", signal);
  if ("gas" in estimate) return estimate.gas;
  throw failureError(estimate.failed.failure ?? "REVERTED", estimate.failed.output);
}
