import type { RequestReader } from "./request-reader.ts";

const outputTokensMax = 2 ** 31 - 1;

/** Members that change nothing in an answer: labels, billing and caching hints. */
const inert = [
  "user",
  "store",
  "metadata",
  "service_tier",
  "safety_identifier",
  "prompt_cache_key",
  "prompt_cache_retention",
];

/** Refuses members that OpenAI's API does not have; ignoring a misspelt one would answer another question. */
export function refuseUnknown(request: RequestReader, known: readonly string[]): void {
  const unknown = request.names().find((name) => !known.includes(name) && !inert.includes(name));
  if (unknown !== undefined) {
    throw request.invalid(unknown, "unrecognized request argument.", "unknown_parameter");
  }
}

/** The most output tokens that a request allows, under either name. */
export function readOutputTokens(request: RequestReader, names: readonly string[]): number | undefined {
  const found = names.filter((name) => request.has(name));
  const [name, second] = found;
  if (second !== undefined) throw request.invalid(second, `not together with '${name}'.`, "invalid_value");
  return name === undefined ? undefined : request.integer(name, 1, outputTokensMax);
}
