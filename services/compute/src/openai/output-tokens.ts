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
  const given = names.filter((name) => request.has(name));
  const [first, ...others] = given.map((name) => request.integer(name, 1, outputTokensMax));
  if (others.some((other) => other !== first)) {
    throw request.invalid(String(given[1]), `differs from '${given[0]}'.`, "invalid_value");
  }
  return first;
}
