import type { TokenLogprob, TokenProbability } from "../generator.ts";

/** What OpenAI reports for a token whose probability is zero. */
const impossible = -9999;
const replacement = "\uFFFD";

/**
 * Log-probabilities of one sampled token from the probabilities after temperature, likeliest first. Undoes the temperature
 * (p^T, normalised again), so that the figures speak about the model and not about the sampling; penalties and a grammar stay in.
 */
export function tokenLogprob(
  token: number,
  probabilities: ReadonlyMap<number, number>,
  options: { temperature: number; top: number; text: (token: number) => string },
): TokenLogprob {
  // Temperature 0 leaves the model's own distribution in place.
  const power = options.temperature === 0 ? 1 : options.temperature;
  let total = 0;
  for (const probability of probabilities.values()) {
    if (probability > 0) total += probability ** power;
  }
  const logTotal = Math.log(total);
  const describe = (id: number): TokenProbability => {
    const probability = probabilities.get(id) ?? 0;
    const logprob = probability > 0 ? power * Math.log(probability) - logTotal : impossible;
    const text = options.text(id);
    return { token: text, logprob, bytes: text.includes(replacement) ? null : [...Buffer.from(text, "utf8")] };
  };
  const top: TokenProbability[] = [];
  for (const id of probabilities.keys()) {
    if (top.length >= options.top) break;
    top.push(describe(id));
  }
  return { ...describe(token), top };
}
