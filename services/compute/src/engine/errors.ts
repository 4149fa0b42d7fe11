import { DomainError } from "@koinon/errors/domain-error";

/** What an engine answers instead of tokens. */
export type EngineFault =
  | { code: "ENGINE_MODEL_UNKNOWN"; model: string }
  | { code: "ENGINE_MODEL_UNSUITED"; model: string; wanted: "chat" | "text" | "embedding" }
  | { code: "CONTEXT_OVERFLOW"; contextTokens: number; promptTokens: number; requestedTokens: number }
  | { code: "PROMPT_EMPTY" }
  | { code: "TOKEN_UNKNOWN"; token: number }
  | { code: "TEMPLATE_REFUSED"; reason: string }
  | { code: "GRAMMAR_REFUSED"; reason: string }
  | { code: "ENGINE_OVERLOADED"; active: number; queued: number }
  | { code: "ENGINE_UNAVAILABLE"; reason: string }
  | { code: "ENGINE_FAILED"; reason: string };

export class EngineError extends DomainError<EngineFault> {}
