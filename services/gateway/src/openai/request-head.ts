import { GatewayError, invalidRequest } from "../errors.ts";

/** The OpenAI operations that are served. */
export type Operation = "chat.completions" | "completions" | "embeddings";

/** All that the gateway reads of a request body; everything else is between the client and the provider. */
export interface RequestHead {
  readonly model: string;
  readonly stream: boolean;
  /** Tokens that the request allows over all its choices; 0 when it does not say. */
  readonly outputTokensMax: number;
}

const MODEL_LENGTH_MAX = 256;
const CHOICES_MAX = 128;
const UINT32_MAX = 0xffff_ffff;

/** Parses the head out of a body. The body itself travels on byte for byte. Throws INVALID_JSON or INVALID_REQUEST. */
export function createRequestHeadFromBody(operation: Operation, body: Buffer): RequestHead {
  const request = parseObject(body);
  const model = request.model;
  if (typeof model !== "string" || model.length === 0) throw invalidRequest("model", "a model name is required");
  if (model.length > MODEL_LENGTH_MAX) throw invalidRequest("model", `at most ${MODEL_LENGTH_MAX} characters`);
  switch (operation) {
    case "chat.completions":
      if (!Array.isArray(request.messages)) throw invalidRequest("messages", "a list of messages is required");
      return {
        model,
        stream: flag(request, "stream"),
        outputTokensMax: bounded(tokens(request) * choices(request, "n")),
      };
    case "completions":
      return { model, stream: flag(request, "stream"), outputTokensMax: completionTokens(request) };
    case "embeddings":
      if (request.input === undefined) throw invalidRequest("input", "an input is required");
      return { model, stream: false, outputTokensMax: 0 };
  }
}

type Members = Record<string, unknown>;

function parseObject(body: Buffer): Members {
  let value: unknown;
  try {
    value = JSON.parse(body.toString("utf8"));
  } catch (cause) {
    throw new GatewayError({ code: "INVALID_JSON" }, { cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw invalidRequest("body", "a JSON object is required");
  return value as Members;
}

/** `max_tokens` is the older name of `max_completion_tokens`; null means not given, as in OpenAI's schema. */
function tokens(request: Members): number {
  const newer = count(request, "max_completion_tokens", UINT32_MAX);
  const older = count(request, "max_tokens", UINT32_MAX);
  if (newer === undefined || older === undefined) return newer ?? older ?? 0;
  if (newer !== older) throw invalidRequest("max_tokens", "differs from max_completion_tokens");
  return newer;
}

function choices(request: Members, name: string): number {
  return count(request, name, CHOICES_MAX) ?? 1;
}

/** A list of prompts yields that many answers of `n` choices each; `best_of` generates more than it returns. */
function completionTokens(request: Members): number {
  const prompt = request.prompt;
  const prompts = Array.isArray(prompt) && typeof prompt[0] !== "number" ? Math.max(1, prompt.length) : 1;
  const generated = Math.max(choices(request, "n"), choices(request, "best_of"));
  return bounded(tokens(request) * generated * prompts);
}

function count(request: Members, name: string, max: number): number | undefined {
  const value = request[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number" || !Number.isInteger(value) || value < 1 || value > max) {
    throw invalidRequest(name, `an integer from 1 to ${max} is required`);
  }
  return value;
}

function flag(request: Members, name: string): boolean {
  const value = request[name];
  if (value === undefined || value === null) return false;
  if (typeof value !== "boolean") throw invalidRequest(name, "true or false is required");
  return value;
}

function bounded(value: number): number {
  return Math.min(value, UINT32_MAX);
}
