/** Micro-credits in one credit. */
export const microPerCredit = 1_000_000n;

/** An amount that was not entered as one. */
export type AmountProblem = "empty" | "not-a-number" | "too-precise" | "too-large";

const microDigits = 6;
const creditsDigitsMax = 30;

/** Micro-credits as exact decimal credits without trailing zeros: 341n is "0.000341", 2_500_000n is "2.5". */
export function formatCredits(micro: bigint): string {
  const sign = micro < 0n ? "−" : "";
  const absolute = micro < 0n ? -micro : micro;
  const whole = groupThousands((absolute / microPerCredit).toString());
  const fraction = (absolute % microPerCredit).toString().padStart(microDigits, "0").replace(/0+$/, "");
  return fraction === "" ? `${sign}${whole}` : `${sign}${whole}.${fraction}`;
}

/** As `formatCredits`, shortened for places without room: large amounts to two decimals, cut off, never rounded up. */
export function formatCreditsShort(micro: bigint): string {
  const absolute = micro < 0n ? -micro : micro;
  if (absolute < microPerCredit) return formatCredits(micro);
  return formatCredits(micro - (micro % 10_000n));
}

/** Reads credits that a person typed, to micro-credits; at most six decimals. */
export function parseCredits(text: string): bigint | AmountProblem {
  const trimmed = text.trim().replaceAll(",", "");
  if (trimmed === "") return "empty";
  const match = /^(\d*)(?:\.(\d*))?$/.exec(trimmed);
  if (match === null || (!match[1] && !match[2])) return "not-a-number";
  const whole = match[1] || "0";
  const fraction = match[2] ?? "";
  if (fraction.length > microDigits) return "too-precise";
  if (whole.length > creditsDigitsMax) return "too-large";
  return BigInt(whole) * microPerCredit + BigInt(fraction.padEnd(microDigits, "0"));
}

/** A whole number with thin group separators as English writes them. */
export function groupThousands(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}
