import { UsageError } from "../command.ts";

const decimals: Readonly<Record<string, number>> = { wei: 0, gwei: 9, "": 18 };

/** Reads an amount of native coin, "1.5", "3gwei" or "7wei", as wei; throws UsageError. */
export function parseCoin(text: string, option: string): bigint {
  const match = /^([0-9]{1,40})(?:\.([0-9]{1,18}))?(wei|gwei|)$/.exec(text);
  const [, whole = "", fraction = "", unit = ""] = match ?? [];
  const places = decimals[unit] ?? 0;
  if (match === null || fraction.length > places) {
    throw new UsageError(`${option} ${text}: not an amount such as 1.5 (coin), 3gwei or 7wei`);
  }
  return BigInt(whole + fraction.padEnd(places, "0"));
}

/** Wei as coin, with all digits that matter: 1.5. */
export function coinInWords(wei: bigint): string {
  const digits = wei.toString().padStart(19, "0");
  const fraction = digits.slice(-18).replace(/0+$/, "");
  const whole = digits.slice(0, -18);
  return fraction === "" ? whole : `${whole}.${fraction}`;
}
