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

/** What a provider did, and how long that took by the market's clock, as the end of a sentence. */
export function outcomeInWords(outcome: string, lasted: string): string {
  // From the reservation on; what the provider states of itself is shorter.
  if (outcome === "SERVED") return `which answered; with its receipt checked by the market that took ${lasted}`;
  const how = Object.hasOwn(outcomes, outcome) ? outcomes[outcome] : `which failed (${outcome})`;
  return `${how} after ${lasted}`;
}
