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

/** As `formatCredits`, with all six decimals, so that amounts under each other line up. */
export function formatCreditsAligned(micro: bigint): string {
  const [whole, fraction = ""] = formatCredits(micro).split(".");
  return `${whole}.${fraction.padEnd(microDigits, "0")}`;
}

/** As `formatCredits`, shortened for places without room: from one credit on with two decimals, cut off, never rounded up. */
export function formatCreditsShort(micro: bigint): string {
  const absolute = micro < 0n ? -micro : micro;
  if (absolute < microPerCredit) return formatCredits(micro);
  const [whole, fraction = ""] = formatCredits(micro).split(".");
  return `${whole}.${fraction.slice(0, 2).padEnd(2, "0")}`;
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
