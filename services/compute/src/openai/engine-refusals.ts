import { assertNever } from "@koinon/errors/invariant";
import { EngineError, type EngineFault } from "../engine/errors.ts";
import { ApiError, invalidParameter } from "./api-error.ts";

/** The refusal for what is the request's fault; undefined for what is the engine's. */
export function refusalOf(error: unknown): ApiError | undefined {
  if (error instanceof ApiError) return error;
  return error instanceof EngineError ? refusalOfFault(error.fault) : undefined;
}

function refusalOfFault(fault: EngineFault): ApiError | undefined {
  switch (fault.code) {
    case "CONTEXT_OVERFLOW": {
      const { contextTokens, promptTokens, requestedTokens } = fault;
      const total = promptTokens + requestedTokens;
      const text = `This model's maximum context length is ${contextTokens} tokens. However, you requested ${total} tokens (${promptTokens} in the prompt, ${requestedTokens} in the completion).`;
      return invalidParameter("messages", text, "context_length_exceeded");
    }
    case "ENGINE_MODEL_UNSUITED":
      return invalidParameter(
        "model",
        `The model '${fault.model}' is not suited for ${fault.wanted} requests.`,
        "model_not_supported",
      );
    case "PROMPT_EMPTY":
      return invalidParameter("prompt", "The prompt is empty.", "invalid_value");
    case "TOKEN_UNKNOWN":
      return invalidParameter("prompt", `Token ${fault.token} is not in the model's vocabulary.`, "invalid_value");
    case "TEMPLATE_REFUSED":
      return invalidParameter(
        "messages",
        `The model's chat template refuses these messages: ${fault.reason}`,
        "invalid_value",
      );
    case "GRAMMAR_REFUSED":
      return invalidParameter("response_format", "The engine can not follow this schema.", "invalid_json_schema");
    case "ENGINE_MODEL_UNKNOWN":
    case "ENGINE_OVERLOADED":
    case "ENGINE_UNAVAILABLE":
    case "ENGINE_FAILED":
      return undefined;
    default:
      return assertNever(fault);
  }
}
