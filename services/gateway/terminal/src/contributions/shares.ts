import type { Contribution } from "../gateway/contributions.ts";

/** What one party has earned over all its work, and its part of the whole. */
export interface Share {
  readonly provider: string;
  readonly name: string | null;
  readonly fee: bigint;
  readonly receipts: number;
  /** Thousandths of all fees. The shares of everybody make exactly 1,000 (largest remainder), unless there are no fees. */
  readonly perMille: number;
}

/** Adds up contributions by party, largest fee first. */
export function sharesOf(contributions: readonly Contribution[]): Share[] {
  const byProvider = Map.groupBy(contributions, ({ provider }) => provider);
  const sums = [...byProvider].map(([provider, own]) => ({
    provider,
    name: own[0]?.providerName ?? null,
    fee: own.reduce((sum, { fee }) => sum + fee, 0n),
    receipts: own.reduce((sum, { receipts }) => sum + receipts, 0),
  }));
  sums.sort((a, b) => (a.fee === b.fee ? (a.provider < b.provider ? -1 : 1) : a.fee > b.fee ? -1 : 1));
  const perMille = apportion(sums.map(({ fee }) => fee));
  return sums.map((sum, index) => ({ ...sum, perMille: perMille[index] ?? 0 }));
}

/** Rounds parts of a whole to thousandths so that they add up: what is left over goes to the largest remainders. */
function apportion(parts: readonly bigint[]): number[] {
  const whole = parts.reduce((sum, part) => sum + part, 0n);
  if (whole === 0n) return parts.map(() => 0);
  const floors = parts.map((part) => Number((part * 1000n) / whole));
  const remainders = parts.map((part, index) => ({ index, rest: (part * 1000n) % whole }));
  remainders.sort((a, b) => (a.rest === b.rest ? a.index - b.index : a.rest > b.rest ? -1 : 1));
  let left = 1000 - floors.reduce((sum, floor) => sum + floor, 0);
  for (const { index } of remainders) {
    if (left === 0) break;
    floors[index] = (floors[index] ?? 0) + 1;
    left -= 1;
  }
  return floors;
}

/** Thousandths as a percentage. */
export function percentText(perMille: number): string {
  return `${(perMille / 10).toFixed(1)} %`;
}
