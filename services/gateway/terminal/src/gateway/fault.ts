import { DomainError } from "@koinon/errors/domain-error";

/** Why the gateway did not do what was asked, as far as a person can act on it. */
export type GatewayFault =
  | { readonly code: "NO_KEY" }
  | { readonly code: "KEY_REFUSED"; readonly reason: string }
  | { readonly code: "NOT_ALLOWED"; readonly reason: string }
  | { readonly code: "BUDGET_EXHAUSTED"; readonly reason: string }
  | { readonly code: "RATE_LIMITED"; readonly retryAfterMs: number }
  | { readonly code: "OVERLOADED"; readonly reason: string; readonly retryAfterMs: number }
  | { readonly code: "NOT_LOGGED_YET"; readonly retryAfterMs: number }
  | { readonly code: "NO_RECEIPT"; readonly reason: string }
  | { readonly code: "NOT_FOUND"; readonly reason: string }
  | { readonly code: "MODULE_DISABLED"; readonly reason: string }
  | { readonly code: "REFUSED"; readonly status: number; readonly reason: string; readonly param: string | null }
  | { readonly code: "PROVIDER_FAILED"; readonly status: number; readonly reason: string }
  | { readonly code: "UNREACHABLE" }
  | { readonly code: "ANSWER_NOT_UNDERSTOOD"; readonly where: string };

/** A call to the gateway that failed. */
export class GatewayCallError extends DomainError<GatewayFault> {}

/** The fault of anything thrown by a gateway call; undefined for an abort, which is nobody's fault. */
export function faultOf(thrown: unknown): GatewayFault | undefined {
  if (thrown instanceof GatewayCallError) return thrown.fault;
  if (thrown instanceof DOMException && thrown.name === "AbortError") return undefined;
  return { code: "UNREACHABLE" };
}
