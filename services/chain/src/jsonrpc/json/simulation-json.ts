import { bytesToHex } from "@koinon/secp256k1/hex";
import { quantity } from "../codec/quantity.ts";
import type { SimulatedBlock, SimulatedCall } from "../execution/simulation.ts";
import { failureMessage } from "../execution-failure.ts";
import { wireCodes } from "../json-rpc-error.ts";
import { withdrawalToJson } from "./block-json.ts";
import { headerToJson } from "./header-json.ts";
import { type LogJson, logToJson } from "./log-json.ts";
import { transactionToJson } from "./transaction-json.ts";

/** A block of eth_simulateV1: a block as any other, and what its calls did. */
export function simulatedBlockToJson(block: SimulatedBlock, isFull: boolean): Record<string, unknown> {
  const { header, hash, calls } = block;
  const at = { blockHash: hash, blockNumber: header.number, blockTimestamp: header.timestamp };
  let logIndex = 0;
  return {
    ...headerToJson(header, hash),
    size: quantity(block.sizeBytes),
    transactions: calls.map(({ transaction }, transactionIndex) =>
      isFull
        ? transactionToJson(transaction, { ...at, transactionIndex, baseFeePerGas: header.baseFeePerGas })
        : transaction.hash,
    ),
    uncles: [],
    withdrawals: block.withdrawals.map(withdrawalToJson),
    calls: calls.map((call, transactionIndex) => {
      const place = { ...at, transactionIndex, transactionHash: call.transaction.hash };
      const logs = call.logs.map((log) => logToJson(log, { ...place, logIndex: logIndex++ }));
      return callToJson(call, logs);
    }),
  };
}

function callToJson({ result }: SimulatedCall, logs: readonly LogJson[]): Record<string, unknown> {
  const { failure, output, gasUsed } = result;
  const outcome = { returnData: bytesToHex(output), logs, gasUsed: quantity(gasUsed) };
  if (failure === undefined) return { ...outcome, status: quantity(1) };
  const message = failureMessage(failure, output);
  // A revert has code 3 everywhere else; here execution-apis says -32000.
  const error =
    failure === "REVERTED"
      ? { message, code: wireCodes.SERVER_ERROR, data: bytesToHex(output) }
      : { message, code: wireCodes.VM_ERROR };
  return { ...outcome, status: quantity(0), error };
}
