import type { Failure } from "@koinon/evm/halt";
import { failureMessage as haltMessage } from "@koinon/evm/tracing/failure-message";
import { revertReason } from "@koinon/evm/tracing/revert-reason";
import { bytesToHex } from "@koinon/secp256k1/hex";
import type { CallOutcome } from "../chain-view.ts";
import { JsonRpcError, serverError } from "./json-rpc-error.ts";

/** Failures whose full message names an instruction, which is known to a tracer alone. */
const shortMessages: Partial<Record<Failure, string>> = {
  INVALID_OPCODE: "invalid opcode",
  STACK_UNDERFLOW: "stack underflow",
  STACK_OVERFLOW: "stack limit reached",
};

/** What a failure is called, in go-ethereum's words; a revert's reason, when there is one, is part of it. */
export function failureMessage(failure: Failure, output: Uint8Array): string {
  const message = shortMessages[failure] ?? haltMessage(failure, undefined);
  const reason = failure === "REVERTED" ? revertReason(output) : undefined;
  return reason === undefined ? message : `${message}: ${reason}`;
}

/** The error of a call that failed: code 3 with the data for a revert (geth), a server error else. */
export function failureError(failure: Failure, output: Uint8Array): JsonRpcError {
  const message = failureMessage(failure, output);
  if (failure !== "REVERTED") return serverError(message);
  return new JsonRpcError({ code: "EXECUTION_REVERTED", message, data: bytesToHex(output) });
}

/** Throws when the call failed. */
export function assertSucceeded({ failure, output }: CallOutcome): void {
  if (failure !== undefined) throw failureError(failure, output);
}
