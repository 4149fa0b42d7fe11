/** How an attempt at a provider failed, by the market's code; of a later version's codes there is only the code. */
const outcomes: Readonly<Record<string, string>> = {
  UNREACHABLE: "which could not be reached",
  OVERLOADED: "which had no room for it",
  DRAINING: "which was shutting down",
  TIMED_OUT: "which sent nothing in time, and was given up",
  REFUSED: "which does not serve this, as it said",
  BROKEN: "which failed",
  NOT_COVERED: "whose price the budget does not cover, as was seen",
  ENGINE_REFUSED: "whose engine found the request wrong, and said so",
  PROVIDER_BROKE_OFF: "which broke off its answer",
  ANSWER_TOO_LARGE: "whose answer grew too large, and was broken off",
  CANCELLED: "and the client left",
};

/** What a provider did, as the part of a sentence that a time follows. */
export function outcomeInWords(outcome: string): string {
  return Object.hasOwn(outcomes, outcome) ? (outcomes[outcome] as string) : `which failed (${outcome})`;
}
