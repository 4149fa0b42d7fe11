import { DomainError } from "@koinon/errors/domain-error";

/** What can go wrong at the edge itself. Codes are API. */
export type GatewayFault =
  | { readonly code: "INVALID_API_KEY" }
  | { readonly code: "KEY_REVOKED"; readonly key: string }
  | { readonly code: "KEY_EXPIRED"; readonly key: string }
  | { readonly code: "KEY_NOT_READY"; readonly key: string }
  | { readonly code: "MISSING_SCOPE"; readonly scope: string }
  | { readonly code: "RATE_LIMITED"; readonly limit: number; readonly retryAfterMs: number }
  | { readonly code: "OVERLOADED" }
  | { readonly code: "INVALID_JSON" }
  | { readonly code: "INVALID_REQUEST"; readonly param: string; readonly reason: string }
  | { readonly code: "BODY_TOO_LARGE"; readonly limitBytes: number }
  | { readonly code: "UNSUPPORTED_MEDIA_TYPE"; readonly accepted: string }
  | { readonly code: "ROUTE_NOT_FOUND"; readonly method: string; readonly path: string }
  | { readonly code: "MODEL_UNKNOWN"; readonly model: string }
  | { readonly code: "MANIFEST_UNKNOWN"; readonly manifest: string }
  | { readonly code: "KEY_UNKNOWN"; readonly key: string }
  | { readonly code: "KEY_NOT_REVOKED"; readonly key: string }
  | { readonly code: "RECEIPT_UNKNOWN"; readonly id: string }
  | { readonly code: "NO_RECEIPT"; readonly id: string; readonly state: string }
  | { readonly code: "NOT_LOGGED_YET"; readonly id: string; readonly retryAfterMs: number }
  | { readonly code: "NOT_ANCHORED_YET"; readonly id: string; readonly retryAfterMs: number }
  | { readonly code: "REQUEST_ID_REUSED"; readonly requestId: string }
  | { readonly code: "MODULE_DISABLED"; readonly module: string }
  | { readonly code: "STORE_UNAVAILABLE" }
  | { readonly code: "UPSTREAM_BROKEN"; readonly cut: string };

/** A fault of the edge. */
export class GatewayError extends DomainError<GatewayFault> {}

/** The refusal of a request member, naming it as OpenAI's `param` does. */
export function invalidRequest(param: string, reason: string): GatewayError {
  return new GatewayError({ code: "INVALID_REQUEST", param, reason });
}
