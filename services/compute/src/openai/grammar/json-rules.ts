import { type GbnfBuilder, literal } from "./gbnf.ts";

/** The rule of `GbnfBuilder` for white space between tokens of JSON. */
export const space = "ws";

const plainCharacter = '[^"\\\\\\x7F\\x00-\\x1F]';
const shortEscape = '"\\\\" ["\\\\/bfnrt]';

/** Any JSON string. */
export function anyString(gbnf: GbnfBuilder): string {
  const character = gbnf.rule(`${plainCharacter} | ${shortEscape} | "\\\\u" [0-9a-fA-F]{4}`);
  return gbnf.rule(`"\\"" ${character}* "\\""`);
}

/** A JSON string of bounded length in code points; \u escapes are left out, for a pair of them is one code point. */
export function boundedString(gbnf: GbnfBuilder, min: number, max: number | undefined): string {
  const character = gbnf.rule(`${plainCharacter} | ${shortEscape}`);
  return gbnf.rule(`"\\"" ${character}{${min},${max ?? ""}} "\\""`);
}

/** Any JSON number that a double holds. */
export function anyNumber(gbnf: GbnfBuilder): string {
  return gbnf.rule('"-"? ("0" | [1-9] [0-9]{0,15}) ("." [0-9]{1,15})? ([eE] [-+]? [0-9]{1,2})?');
}

/** Any JSON integer of at most 15 digits. */
export function anyInteger(gbnf: GbnfBuilder): string {
  return gbnf.rule('"-"? ("0" | [1-9] [0-9]{0,14})');
}

/** Any JSON value. */
export function anyValue(gbnf: GbnfBuilder, known: Map<string, string>): string {
  const found = known.get("");
  if (found !== undefined) return found;
  const value = gbnf.reserve();
  known.set("", value);
  const object = mapOf(gbnf, value);
  const array = gbnf.rule(`"[" ${space} (${value} ("," ${space} ${value})*)? ${space} "]"`);
  const alternatives = [object, array, anyString(gbnf), anyNumber(gbnf), '"true"', '"false"', '"null"'];
  gbnf.define(value, alternatives.join(" | "));
  return value;
}

/** An object with any member names and one kind of value. */
export function mapOf(gbnf: GbnfBuilder, value: string): string {
  const member = gbnf.rule(`${anyString(gbnf)} ":" ${space} ${value}`);
  return gbnf.rule(`"{" ${space} (${member} ("," ${space} ${member})*)? ${space} "}"`);
}

/** Formats that a grammar can hold a string to; each yields a subset of what the format allows. */
export const stringFormats: Readonly<Record<string, string>> = formats();

function formats(): Record<string, string> {
  const long = '("0" [13578] | "10" | "12") "-" ("0" [1-9] | [12] [0-9] | "3" [01])';
  const short = '("0" [469] | "11") "-" ("0" [1-9] | [12] [0-9] | "30")';
  // The 29th of February is left out: it would need the year.
  const february = '"02-" ("0" [1-9] | "1" [0-9] | "2" [0-8])';
  const date = `("19" | "20") [0-9]{2} "-" (${long} | ${short} | ${february})`;
  const clock = '("0" [0-9] | "1" [0-9] | "2" [0-3]) ":" [0-5] [0-9] ":" [0-5] [0-9]';
  const hex = (digits: number) => `[0-9a-f]{${digits}}`;
  const uuid = [hex(8), hex(4), hex(4), hex(4), hex(12)].join(` ${literal("-")} `);
  const quoted = (body: string) => `"\\"" ${body} "\\""`;
  return {
    date: quoted(date),
    time: quoted(`${clock} "Z"`),
    "date-time": quoted(`${date} "T" ${clock} "Z"`),
    uuid: quoted(uuid),
  };
}
