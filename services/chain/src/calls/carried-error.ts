import { DomainError, type Fault } from "@koinon/errors/domain-error";
import { EthereumError } from "@koinon/ethereum/fault";
import { BlockError, TransactionError } from "@koinon/evm/fault";
import { StateError } from "@koinon/state/state-error";
import { ChainError } from "../errors.ts";
import { ValueError } from "../jsonrpc/codec/value-error.ts";
import { JsonRpcError } from "../jsonrpc/json-rpc-error.ts";

/** The errors that callers are told about; everything else is a mistake of the program or of the disk. */
const families: Readonly<Record<string, new (fault: never) => DomainError>> = {
  BlockError,
  ChainError,
  EthereumError,
  JsonRpcError,
  StateError,
  TransactionError,
  ValueError,
};

/** An error in a form that can be copied from thread to thread. */
export type CarriedError =
  | { readonly family: string; readonly fault: Fault }
  | { readonly family: undefined; readonly message: string; readonly stack: string | undefined };

export function carryError(error: unknown): CarriedError {
  if (error instanceof DomainError && error.name in families) return { family: error.name, fault: error.fault };
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { family: undefined, message, stack };
}

/** The error as it was thrown; one that has no family keeps its message and stack. */
export function restoreError(carried: CarriedError): Error {
  const family = carried.family === undefined ? undefined : families[carried.family];
  if (carried.family !== undefined && family !== undefined) return new family(carried.fault as never);
  const error = new Error("message" in carried ? carried.message : carried.fault.code);
  if ("stack" in carried && carried.stack !== undefined) error.stack = carried.stack;
  return error;
}
