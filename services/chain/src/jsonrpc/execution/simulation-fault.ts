import { TransactionError, type TransactionFault } from "@koinon/evm/fault";
import { transactionMessage } from "../fault-translation.ts";
import { JsonRpcError, type JsonRpcFault } from "../json-rpc-error.ts";

/** The codes that execution-apis gives to calls that eth_simulateV1 can not execute. */
const codes: Partial<Record<TransactionFault["code"], JsonRpcFault["code"]>> = {
  NONCE_TOO_LOW: "SIMULATED_NONCE_TOO_LOW",
  NONCE_TOO_HIGH: "SIMULATED_NONCE_TOO_HIGH",
  INTRINSIC_GAS_TOO_LOW: "SIMULATED_INTRINSIC_GAS",
  FLOOR_DATA_GAS_TOO_LOW: "SIMULATED_INTRINSIC_GAS",
  INSUFFICIENT_FUNDS: "SIMULATED_INSUFFICIENT_FUNDS",
  BLOCK_GAS_EXHAUSTED: "SIMULATED_BLOCK_GAS_LIMIT",
  SENDER_NOT_EOA: "SIMULATED_SENDER_NOT_EOA",
  INIT_CODE_TOO_LARGE: "SIMULATED_INIT_CODE_SIZE",
  FEE_BELOW_BASE_FEE: "INVALID_PARAMS",
  PRIORITY_FEE_ABOVE_MAX_FEE: "INVALID_PARAMS",
};

/** The error of a call that can not be executed; anything else as it is. */
export function simulatedError(error: unknown, gas: bigint): unknown {
  if (!(error instanceof TransactionError)) return error;
  const code = codes[error.fault.code] ?? "INTERNAL_ERROR";
  return new JsonRpcError({ code, message: `err: ${transactionMessage(error.fault)} (supplied gas ${gas})` });
}
