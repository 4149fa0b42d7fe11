/** The most tokens that an answer may be allowed by default. */
const tokensMaxDefault = 1024;

/** The allowance for an answer: what the person chose, at most half of the model's context, so that the question fits too. */
export function tokensMaxFor(contextTokens: number, chosen: number | null): number {
  const half = Math.max(16, Math.floor(contextTokens / 2));
  return Math.min(chosen ?? tokensMaxDefault, half);
}

/** Room for the question and the turns before it. */
export function promptTokensMaxFor(contextTokens: number, tokensMax: number): number {
  return Math.max(64, contextTokens - tokensMax);
}
