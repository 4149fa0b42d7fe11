/** The rule sets that blocks may follow, oldest first. */
export const forks = ["cancun", "prague", "osaka"] as const;

/** Name of a rule set. */
export type Fork = (typeof forks)[number];

/** True when the rules of `since` hold under `fork`. */
export function isActive(fork: Fork, since: Fork): boolean {
  return forks.indexOf(fork) >= forks.indexOf(since);
}
