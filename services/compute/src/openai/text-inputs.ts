import type { RequestReader } from "./request-reader.ts";

const tokensMax = 2 ** 20;

/** Reads what OpenAI allows as prompt or input: a text, texts, tokens, or lists of tokens. */
export function readTexts(request: RequestReader, name: string, itemsMax: number): (string | readonly number[])[] {
  const raw = request.required(name, request.raw(name));
  if (typeof raw === "string") return [raw];
  if (!Array.isArray(raw) || raw.length === 0) throw request.invalid(name, "expected texts or tokens.", "invalid_type");
  if (raw.every(isToken)) return [bounded(request, name, raw)];
  const items = request.array(name, itemsMax) ?? [];
  return items.map((item) => {
    if (typeof item === "string") return item;
    if (Array.isArray(item) && item.length > 0 && item.every(isToken)) return bounded(request, name, item);
    throw request.invalid(name, "expected texts or tokens.", "invalid_type");
  });
}

function bounded(request: RequestReader, name: string, tokens: readonly number[]): readonly number[] {
  if (tokens.length > tokensMax) throw request.invalid(name, "too many tokens.", "array_above_max_length");
  return tokens;
}

function isToken(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
