/** What a provider has been caught at, and until when it gets no work for it. Times are ms since the epoch. */
export interface Standing {
  /** Times it was caught and that are not forgotten yet. */
  readonly strikes: number;
  readonly lastStrikeAt: number;
  /** Stable code of the last one; empty when there is none. */
  readonly reason: string;
  /** It is failing before this time. */
  readonly failingUntil: number;
}

/** How long a caught provider is shut out. */
export interface StandingOptions {
  /** For the first strike, in ms; doubles with each further one. */
  readonly penaltyMs: number;
  readonly penaltyMsMax: number;
  /** Strikes are forgotten after so long without a new one, in ms. */
  readonly strikeMemoryMs: number;
}

/** The standing of a provider that was never caught. */
export const cleanStanding: Standing = { strikes: 0, lastStrikeAt: 0, reason: "", failingUntil: 0 };

/**
 * The standing after one more strike: the penalty doubles with each. What several requests in flight uncover while the provider
 * is failing already is the same lie, and counts once.
 */
export function strike(standing: Standing, reason: string, now: number, options: StandingOptions): Standing {
  if (now < standing.failingUntil) return { ...standing, reason, lastStrikeAt: now };
  const remembered = now - standing.lastStrikeAt < options.strikeMemoryMs ? standing.strikes : 0;
  const strikes = remembered + 1;
  // Beyond 2^32 the bound has long been reached; the exponent is kept where doubles are exact.
  const penaltyMs = Math.min(options.penaltyMs * 2 ** Math.min(strikes - 1, 32), options.penaltyMsMax);
  return { strikes, lastStrikeAt: now, reason, failingUntil: now + penaltyMs };
}

/**
 * The standing after the provider registered anew: that lifts the penalty of a first strike, since a restart with a lost journal
 * looks like a lie, and of no other.
 */
export function liftFirstStrike(standing: Standing, now: number): Standing {
  if (standing.strikes !== 1 || now >= standing.failingUntil) return standing;
  return { ...standing, failingUntil: now };
}
