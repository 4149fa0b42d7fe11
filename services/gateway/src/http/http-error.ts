/** The classes of error that OpenAI's clients and dashboards know, and the few that are ours. */
export type ErrorType =
  | "invalid_request_error"
  | "authentication_error"
  | "permission_error"
  | "insufficient_quota"
  | "model_not_found"
  | "not_found_error"
  | "conflict_error"
  | "rate_limit_error"
  | "overloaded_error"
  | "upstream_error"
  | "timeout_error"
  | "unsupported_error"
  | "server_error";

/** How a fault looks from outside. */
export interface HttpError {
  readonly status: number;
  readonly type: ErrorType;
  /** The stable fault code. */
  readonly code: string;
  readonly message: string;
  /** The request member or header at fault. */
  readonly param: string | null;
  /** When a retry may succeed. */
  readonly retryAfterMs?: number;
}

/** The body of an error answer, shaped as OpenAI's. */
export function errorBody(error: HttpError): {
  error: { message: string; type: string; param: string | null; code: string };
} {
  return { error: { message: error.message, type: error.type, param: error.param, code: error.code } };
}

/**
 * The headers of an error answer. OpenAI's clients retry 409, 429 and 5xx by themselves unless `x-should-retry` says no:
 * a conflict stays one, and what is switched off stays off.
 */
export function errorHeaders(error: HttpError): Record<string, string> {
  const headers: Record<string, string> = {};
  if (error.retryAfterMs !== undefined) {
    headers["retry-after"] = String(Math.max(1, Math.ceil(error.retryAfterMs / 1000)));
    headers["retry-after-ms"] = String(Math.max(1, Math.ceil(error.retryAfterMs)));
  }
  if (error.status === 409 || error.status === 501) headers["x-should-retry"] = "false";
  if (error.status === 401) headers["www-authenticate"] = "Bearer";
  return headers;
}
