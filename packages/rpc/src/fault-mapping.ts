import { DomainError, faultFacts } from "@koinon/errors/domain-error";
import type { FaultTable } from "./binding.ts";
import { RpcError, transportError } from "./rpc-error.ts";

/** Reasons of an outgoing call that mean the same to the caller of the handler that made it. */
const passing: ReadonlySet<string> = new Set([
  "CANCELLED",
  "DEADLINE_EXCEEDED",
  "UNAVAILABLE",
  "OVERLOADED",
  "DRAINING",
]);

/**
 * What a caller sees of something a handler threw: a listed fault by the service's table, a transport failure of an
 * outgoing call as it is, and anything else as INTERNAL without a word about it.
 */
export function rpcErrorFromThrown(thrown: unknown, faults: FaultTable): RpcError {
  if (!(thrown instanceof DomainError)) return transportError("INTERNAL", { cause: thrown });
  if (Object.hasOwn(faults, thrown.code)) {
    const rule = faults[thrown.code];
    if (rule !== undefined) {
      const { status, retryAfterMs } = typeof rule === "string" ? { status: rule, retryAfterMs: undefined } : rule;
      return new RpcError(thrown.code, {
        status,
        facts: faultFacts(thrown.fault),
        ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
        cause: thrown,
      });
    }
  }
  if (thrown instanceof RpcError && passing.has(thrown.code)) return thrown;
  return transportError("INTERNAL", { cause: thrown });
}
