import type { Failure } from "@koinon/evm/halt";
import { bytesToHex } from "@koinon/secp256k1/hex";
import type { CallOutcome } from "../chain-view.ts";
import { JsonRpcError, serverError } from "./json-rpc-error.ts";
import { revertReason } from "./revert-reason.ts";

/** Failures of execution in go-ethereum's words, which clients and people look for. */
const failureMessages: Readonly<Record<Failure, string>> = {
  REVERTED: "execution reverted",
  OUT_OF_GAS: "out of gas",
  STACK_UNDERFLOW: "stack underflow",
  STACK_OVERFLOW: "stack limit reached 1024 (1023)",
  INVALID_JUMP: "invalid jump destination",
  INVALID_OPCODE: "invalid opcode",
  WRITE_PROTECTION: "write protection",
  RETURN_DATA_OUT_OF_BOUNDS: "return data out of bounds",
  CODE_TOO_LARGE: "max code size exceeded",
  CODE_STARTS_WITH_EF: "invalid code: must not begin with 0xef",
  INIT_CODE_TOO_LARGE: "max initcode size exceeded",
  CREATE_COLLISION: "contract address collision",
  PRECOMPILE_FAILED: "precompiled contract failed",
  CALL_TOO_DEEP: "max call depth exceeded",
  INSUFFICIENT_BALANCE: "insufficient balance for transfer",
  NONCE_OVERFLOW: "nonce uint64 overflow",
};

/** What a failure is called; a revert's reason, when there is one, is part of it. */
export function failureMessage(failure: Failure, output: Uint8Array): string {
  const message = failureMessages[failure];
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
