import { ApiError, type ApiErrorType } from "../../openai/api-error.ts";
import { EngineError } from "../errors.ts";

/** Statuses that speak about the client's request, not about the upstream or our account there. */
const requestFaults = new Set([400, 413, 422]);
const overloads = new Set([429, 503, 529]);

/** The error for an upstream's refusal. What is the client's fault keeps the upstream's words; everything else lets another provider try. */
export function upstreamRefusal(status: number, body: string): ApiError | EngineError {
  if (overloads.has(status)) return new EngineError({ code: "ENGINE_OVERLOADED", active: 0, queued: 0 });
  if (!requestFaults.has(status))
    return new EngineError({ code: "ENGINE_FAILED", reason: `upstream status ${status}` });
  const { message, type, param, code } = statedError(body);
  return new ApiError({
    status,
    message: typeof message === "string" ? message : `The engine refused the request with status ${status}.`,
    type: (typeof type === "string" ? type : "invalid_request_error") as ApiErrorType,
    param: typeof param === "string" ? param : null,
    code: typeof code === "string" ? code : null,
  });
}

/** The error for an upstream that can not be reached or does not answer in time. */
export function upstreamUnreachable(cause: unknown): EngineError {
  const code = (cause as { code?: unknown } | undefined)?.code;
  const reason = typeof code === "string" ? code : "no connection";
  return new EngineError({ code: "ENGINE_UNAVAILABLE", reason }, { cause });
}

function statedError(body: string): { message?: unknown; type?: unknown; param?: unknown; code?: unknown } {
  try {
    const parsed = JSON.parse(body) as { error?: unknown } | null;
    const error = parsed?.error ?? parsed;
    return typeof error === "object" && error !== null ? error : { message: error };
  } catch {
    return {};
  }
}
