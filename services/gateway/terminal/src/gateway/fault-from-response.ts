import type { GatewayFault } from "./fault.ts";

/** What an error answer says besides its status. */
interface ErrorBody {
  readonly message: string;
  readonly code: string;
  readonly param: string | null;
}

const retryAfterMsDefault = 2_000;
const retryAfterMsMax = 600_000;
const messageLengthMax = 500;

/** The fault that an error answer stands for: decided by its stable code, then by its status. */
export function faultFromResponse(status: number, headers: Headers, body: unknown): GatewayFault {
  const { message, code, param } = readErrorBody(body, status);
  const retryAfterMs = readRetryAfter(headers);
  if (code === "NOT_LOGGED_YET") return { code, retryAfterMs };
  if (code === "NO_RECEIPT") return { code, reason: message };
  if (code === "MODULE_DISABLED") return { code, reason: message };
  switch (status) {
    case 401:
      return { code: "KEY_REFUSED", reason: message };
    case 402:
      return { code: "BUDGET_EXHAUSTED", reason: message };
    case 403:
      return { code: "NOT_ALLOWED", reason: message };
    case 404:
      return { code: "NOT_FOUND", reason: message };
    case 429:
      return { code: "RATE_LIMITED", retryAfterMs };
    case 503:
      return { code: "OVERLOADED", reason: message, retryAfterMs };
    default:
      if (status >= 500) return { code: "PROVIDER_FAILED", status, reason: message };
      return { code: "REFUSED", status, reason: message, param };
  }
}

/** Reads `{"error": {message, code, param}}`, whatever else the body may be. */
export function readErrorBody(body: unknown, status: number): ErrorBody {
  const error = isObject(body) ? body.error : undefined;
  const text = (value: unknown): string => (typeof value === "string" ? value.slice(0, messageLengthMax) : "");
  if (!isObject(error)) return { message: `The gateway answered ${status}.`, code: "", param: null };
  const message = text(error.message) || `The gateway answered ${status}.`;
  return { message, code: text(error.code), param: typeof error.param === "string" ? text(error.param) : null };
}

/** `retry-after-ms`, else `retry-after` in seconds, within bounds. */
function readRetryAfter(headers: Headers): number {
  const ms = Number(headers.get("retry-after-ms") ?? Number.NaN);
  const seconds = Number(headers.get("retry-after") ?? Number.NaN);
  const wait = Number.isFinite(ms) ? ms : Number.isFinite(seconds) ? seconds * 1000 : retryAfterMsDefault;
  return Math.min(Math.max(wait, 250), retryAfterMsMax);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
