import { DomainError } from "@koinon/errors/domain-error";

/** Why a call failed. */
export type ApiFault =
  /** The gateway answered with an error; `reason` is its stable code, such as UNKNOWN_RECEIPT, and `problem` its words for people. */
  | {
      code: "REFUSED";
      status: number;
      reason: string;
      problem: string;
      param: string | null;
      /** The header `x-request-id`, for asking an operator. */
      requestId: string | null;
      /** When a retry may succeed; null when the gateway did not say. */
      retryAfterMs: number | null;
    }
  /** No answer came: no such host, nobody listening, the connection broke. */
  | { code: "UNREACHABLE"; url: string; problem: string }
  | { code: "TIMEOUT"; url: string; timeoutMs: number }
  /** The answer is not what this client understands, or exceeds its limits. */
  | { code: "ANSWER_MALFORMED"; url: string; problem: string };

/** Thrown by every call of the client, except when the caller aborts it: then its own reason is thrown. */
export class ApiError extends DomainError<ApiFault> {}

/** True for an error answer of the gateway with this stable code. */
export function isRefusal(error: unknown, reason: string): error is ApiError {
  return error instanceof ApiError && error.fault.code === "REFUSED" && error.fault.reason === reason;
}
