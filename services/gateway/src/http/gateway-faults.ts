import type { GatewayFault } from "../errors.ts";
import type { ErrorType, HttpError } from "./http-error.ts";

interface Rule<F> {
  readonly status: number;
  readonly type: ErrorType;
  message(fault: F): string;
  param?(fault: F): string;
  retryAfterMs?(fault: F): number;
}

type Rules = { readonly [C in GatewayFault["code"]]: Rule<Extract<GatewayFault, { code: C }>> };

/** The one table of the edge's own faults: code to status, OpenAI type and words for people. */
const rules: Rules = {
  INVALID_API_KEY: {
    status: 401,
    type: "authentication_error",
    message: () => "The API key is missing or not valid. Send Authorization: Bearer sk-koinon-…",
  },
  KEY_REVOKED: { status: 401, type: "authentication_error", message: () => "This API key was revoked." },
  KEY_EXPIRED: { status: 401, type: "authentication_error", message: () => "This API key has expired." },
  KEY_NOT_READY: {
    status: 503,
    type: "overloaded_error",
    message: () => "The budget of this API key is still being opened.",
    retryAfterMs: () => 1_000,
  },
  MISSING_SCOPE: {
    status: 403,
    type: "permission_error",
    message: ({ scope }) => `This API key lacks the scope '${scope}'.`,
  },
  RATE_LIMITED: {
    status: 429,
    type: "rate_limit_error",
    message: ({ limit }) => `The limit of ${limit} requests per minute is reached.`,
    retryAfterMs: (fault) => fault.retryAfterMs,
  },
  OVERLOADED: {
    status: 503,
    type: "overloaded_error",
    message: () => "The gateway has as many requests in hand as it takes.",
    retryAfterMs: () => 1_000,
  },
  INVALID_JSON: { status: 400, type: "invalid_request_error", message: () => "The request body is not valid JSON." },
  INVALID_REQUEST: {
    status: 400,
    type: "invalid_request_error",
    message: ({ param, reason }) => `${param}: ${reason}.`,
    param: ({ param }) => param,
  },
  BODY_TOO_LARGE: {
    status: 413,
    type: "invalid_request_error",
    message: ({ limitBytes }) => `The request body exceeds ${limitBytes} bytes.`,
  },
  UNSUPPORTED_MEDIA_TYPE: {
    status: 415,
    type: "invalid_request_error",
    message: ({ accepted }) => `The request body must be ${accepted}.`,
  },
  ROUTE_NOT_FOUND: {
    status: 404,
    type: "not_found_error",
    message: ({ method, path }) => `There is no ${method} ${path}.`,
  },
  MODEL_UNKNOWN: {
    status: 404,
    type: "model_not_found",
    message: ({ model }) =>
      `The model '${model}' does not exist or nobody offers it; GET /v1/models lists those on offer.`,
    param: () => "model",
  },
  MANIFEST_UNKNOWN: {
    status: 404,
    type: "not_found_error",
    message: ({ manifest }) => `Nobody offers a model with the manifest '${manifest}'.`,
    param: () => "hash",
  },
  KEY_UNKNOWN: { status: 404, type: "not_found_error", message: ({ key }) => `There is no API key '${key}'.` },
  KEY_NOT_REVOKED: {
    status: 409,
    type: "conflict_error",
    message: ({ key }) => `The API key '${key}' is in use: revoke it before its budget is withdrawn.`,
  },
  RECEIPT_UNKNOWN: {
    status: 404,
    type: "not_found_error",
    message: ({ id }) => `There is no request or receipt '${id}' of this API key.`,
  },
  NO_RECEIPT: {
    status: 409,
    type: "conflict_error",
    message: ({ id, state }) => `The request '${id}' is ${state} and has no receipt.`,
  },
  NOT_LOGGED_YET: {
    status: 503,
    type: "overloaded_error",
    message: ({ id }) => `The receipt '${id}' is not in a published checkpoint yet.`,
    retryAfterMs: (fault) => fault.retryAfterMs,
  },
  NOT_ANCHORED_YET: {
    status: 503,
    type: "overloaded_error",
    message: ({ id }) => `No checkpoint over the receipt '${id}' is anchored yet, or none that this block shows.`,
    retryAfterMs: (fault) => fault.retryAfterMs,
  },
  REQUEST_ID_REUSED: {
    status: 409,
    type: "conflict_error",
    message: () => "This idempotency key was used for a different request.",
  },
  MODULE_DISABLED: {
    status: 501,
    type: "unsupported_error",
    message: ({ module }) => `The module '${module}' is switched off in this deployment.`,
  },
  STORE_UNAVAILABLE: {
    status: 503,
    type: "overloaded_error",
    message: () => "API keys can not be checked right now.",
    retryAfterMs: () => 2_000,
  },
  UPSTREAM_BROKEN: {
    status: 502,
    type: "upstream_error",
    message: () => "The answer broke off before it was complete.",
  },
};

/** How a fault of the edge looks from outside. */
export function httpErrorFromFault(fault: GatewayFault): HttpError {
  // The table gives every code the rule for its own fault, which the compiler can not follow through the index.
  const rule = rules[fault.code] as Rule<GatewayFault>;
  const retryAfterMs = rule.retryAfterMs?.(fault);
  return {
    status: rule.status,
    type: rule.type,
    code: fault.code,
    message: rule.message(fault),
    param: rule.param?.(fault) ?? null,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}
