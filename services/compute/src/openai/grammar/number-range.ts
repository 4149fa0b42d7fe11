import { choice, literal } from "./gbnf.ts";

/** The greatest magnitude written without a bound of its own: 15 digits are exact in every JSON reader. */
export const magnitudeMax = 999_999_999_999_999n;

const fraction = '("." [0-9]{1,15})?';

/** A grammar for the integers from `min` to `max`; undefined when there is none. */
export function integerRange(min: bigint, max: bigint): string | undefined {
  const negative = naturalRange(max < 0n ? -max : 1n, -min);
  const natural = naturalRange(min > 0n ? min : 0n, max);
  return joinSigned(negative, natural);
}

/** A grammar for numbers with a fraction from `min` to `max`, both whole; undefined when `min` is greater. */
export function numberRange(min: bigint, max: bigint): string | undefined {
  const negative = magnitudeRange(max < 0n ? -max : 0n, -min);
  const natural = magnitudeRange(min > 0n ? min : 0n, max);
  return joinSigned(negative, natural);
}

function joinSigned(negative: string | undefined, natural: string | undefined): string | undefined {
  const parts = [natural, negative === undefined ? undefined : `"-" ${negative}`].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : choice(parts);
}

function magnitudeRange(min: bigint, max: bigint): string | undefined {
  if (min > max) return undefined;
  const end = `${literal(String(max))} ("." "0"{1,15})?`;
  const below = naturalRange(min, max - 1n);
  return below === undefined ? `(${end})` : `(${below} ${fraction} | ${end})`;
}

function naturalRange(min: bigint, max: bigint): string | undefined {
  if (min > max || max < 0n) return undefined;
  const alternatives: string[] = [];
  for (let digits = String(min).length; digits <= String(max).length; digits++) {
    const low = digits === 1 ? 0n : 10n ** BigInt(digits - 1);
    const high = 10n ** BigInt(digits) - 1n;
    alternatives.push(sameLength(String(min > low ? min : low), String(max < high ? max : high)));
  }
  return choice(alternatives);
}

/** Digit strings of one length between two of that length, both included. */
function sameLength(low: string, high: string): string {
  if (low === high) return literal(low);
  const rest = low.length - 1;
  if (/^0*$/.test(low) && /^9*$/.test(high)) return `[0-9]{${low.length}}`;
  const [a, b] = [Number(low[0]), Number(high[0])];
  if (rest === 0) return `[${a}-${b}]`;
  if (a === b) return `${literal(String(a))} ${sameLength(low.slice(1), high.slice(1))}`;
  const alternatives = [`${literal(String(a))} ${sameLength(low.slice(1), "9".repeat(rest))}`];
  if (a + 1 <= b - 1) alternatives.push(`[${a + 1}-${b - 1}] [0-9]{${rest}}`);
  alternatives.push(`${literal(String(b))} ${sameLength("0".repeat(rest), high.slice(1))}`);
  return choice(alternatives);
}
