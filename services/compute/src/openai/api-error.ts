/** The error types that OpenAI's clients know. */
export type ApiErrorType =
  | "invalid_request_error"
  | "not_found_error"
  | "rate_limit_error"
  | "server_error"
  | "overloaded_error";

/** What a refusal says; `param` names the member of the request that is at fault. */
export interface ApiErrorBody {
  readonly status: number;
  readonly message: string;
  readonly type: ApiErrorType;
  readonly param: string | null;
  readonly code: string | null;
}

/** A refusal in the shape that OpenAI's clients parse. */
export class ApiError extends Error {
  readonly body: ApiErrorBody;

  constructor(body: ApiErrorBody, options?: { cause?: unknown }) {
    super(body.message, options);
    this.name = "ApiError";
    this.body = body;
  }
}

/** A member of the request that can not be honoured. */
export function invalidParameter(param: string | null, message: string, code: string | null = null): ApiError {
  return new ApiError({ status: 400, message, type: "invalid_request_error", param, code });
}

/** A member of OpenAI's API that is well formed but that this engine does not do; ignoring it would answer another question. */
export function unsupportedParameter(param: string, reason: string): ApiError {
  return invalidParameter(param, `Unsupported parameter: '${param}' ${reason}.`, "unsupported_parameter");
}

/** `{"error": {...}}` as JSON bytes. */
export function encodeApiError({ message, type, param, code }: ApiErrorBody): Buffer {
  return Buffer.from(JSON.stringify({ error: { message, type, param, code } }));
}

/** An error inside an event stream: clients raise it, and no `[DONE]` follows. */
export function encodeStreamError({ message, type, param, code }: ApiErrorBody): Buffer {
  return Buffer.from(`data: ${JSON.stringify({ error: { message, type, param, code } })}\n\n`);
}
