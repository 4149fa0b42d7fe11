import type { Evidence } from "./evidence.ts";

/** The parts of a proof that can be tampered with, in the words of the page. */
export const tamperParts = [
  "answer",
  "question",
  "receipt",
  "quote",
  "manifest",
  "certificate",
  "openings",
  "previous",
  "inclusion",
  "checkpoint",
  "anchor",
] as const;
export type TamperPart = (typeof tamperParts)[number];

/** A place whose characters can be changed one at a time. */
export interface TamperTarget {
  readonly id: string;
  readonly part: TamperPart;
  /** The field, as the bundle names it; "text" for question and answer. */
  readonly field: string;
  /** How many characters can be chosen. */
  readonly positions: number;
  /** A position whose change is worth seeing first. */
  readonly suggested: number;
}

/** A copy of the evidence with one character changed. */
export interface Tampered {
  readonly evidence: Evidence;
  /** The change with what stands around it. */
  readonly excerpt: { readonly before: string; readonly from: string; readonly to: string; readonly after: string };
}

type Path = readonly (string | number)[];
type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

interface Leaf {
  readonly path: Path;
  readonly value: string | number;
}

const excerptLength = 28;

/** Everything in this evidence that can be tampered with: the text's letters and the characters of every field of the bundle. */
export function tamperTargets(evidence: Evidence): TamperTarget[] {
  const targets: TamperTarget[] = [];
  const text = (part: "answer" | "question", bytes: Uint8Array | null): void => {
    const positions = bytes === null ? 0 : letterOffsets(bytes).length;
    if (positions > 0) targets.push({ id: part, part, field: "text", positions, suggested: Math.floor(positions / 2) });
  };
  text("answer", evidence.response);
  text("question", evidence.request);
  for (const leaf of leavesOf(evidence.bundle)) {
    const part = tamperParts.find((name) => name === leaf.path[0]);
    const positions = changeablePositions(String(leaf.value));
    if (part === undefined || positions.length === 0) continue;
    const field = leaf.path.slice(1).join(".") || "text";
    targets.push({
      id: leaf.path.join("."),
      part,
      field,
      positions: positions.length,
      suggested: suggestedIn(part, leaf, positions),
    });
  }
  return targets;
}

/** A copy of the evidence with the character at this position of the target changed to another of its kind. */
export function tamper(evidence: Evidence, target: TamperTarget, position: number): Tampered {
  if (target.id === "answer" && evidence.response !== null) {
    const { bytes, excerpt } = changeLetter(evidence.response, position);
    return { evidence: { ...evidence, response: bytes, screen: null }, excerpt };
  }
  if (target.id === "question" && evidence.request !== null) {
    const { bytes, excerpt } = changeLetter(evidence.request, position);
    return { evidence: { ...evidence, request: bytes, screen: null }, excerpt };
  }
  const leaf = leavesOf(evidence.bundle).find(({ path }) => path.join(".") === target.id);
  if (leaf === undefined) throw new RangeError(`no such place in the bundle: ${target.id}`);
  const text = String(leaf.value);
  const at = changeablePositions(text)[position] ?? 0;
  const changed = otherCharacter(text, at);
  const value = `${text.slice(0, at)}${changed}${text.slice(at + 1)}`;
  const json = withLeaf(parse(evidence.bundle), leaf.path, typeof leaf.value === "number" ? Number(value) : value);
  return {
    evidence: { ...evidence, bundle: new TextEncoder().encode(JSON.stringify(json)), screen: null },
    excerpt: excerptOf(text, at, changed),
  };
}

function parse(bytes: Uint8Array): Json {
  return JSON.parse(new TextDecoder().decode(bytes)) as Json;
}

function leavesOf(bundle: Uint8Array): Leaf[] {
  const leaves: Leaf[] = [];
  const walk = (value: Json, path: Path): void => {
    if (typeof value === "string" || typeof value === "number") leaves.push({ path, value });
    else if (Array.isArray(value)) for (const [index, item] of value.entries()) walk(item, [...path, index]);
    else if (typeof value === "object" && value !== null)
      for (const [name, item] of Object.entries(value)) walk(item, [...path, name]);
  };
  try {
    walk(parse(bundle), []);
  } catch {
    return [];
  }
  return leaves;
}

function withLeaf(value: Json, [step, ...rest]: Path, leaf: string | number): Json {
  if (step === undefined) return leaf;
  if (Array.isArray(value)) return value.map((item, index) => (index === step ? withLeaf(item, rest, leaf) : item));
  const object = value as { readonly [name: string]: Json };
  return { ...object, [step]: withLeaf(object[step] as Json, rest, leaf) };
}

/** Positions whose change keeps the field readable: digits, letters; not the 0x before a hex value. */
function changeablePositions(text: string): number[] {
  const start = text.startsWith("0x") ? 2 : 0;
  const positions: number[] = [];
  for (let at = start; at < text.length; at += 1) if (/[0-9A-Za-z]/.test(text[at] as string)) positions.push(at);
  return positions;
}

/** The first character for numbers, the last for hashes, the root hash for the checkpoint. */
function suggestedIn(part: TamperPart, { value }: Leaf, positions: readonly number[]): number {
  const text = String(value);
  if (part === "checkpoint") {
    const secondLineEnd = text.indexOf("\n", text.indexOf("\n") + 1);
    return Math.max(
      0,
      positions.findIndex((at) => at > secondLineEnd),
    );
  }
  return text.startsWith("0x") ? positions.length - 1 : 0;
}

/** Another character of the same kind: a digit for a digit (no leading zero), a hex digit in hex, a letter for a letter. */
function otherCharacter(text: string, at: number): string {
  const character = text[at] as string;
  if (/[0-9]/.test(character)) {
    const next = (Number(character) + 1) % 10;
    const leads = at === 0 && text.length > 1 && next === 0;
    return String(leads ? 1 : next);
  }
  if (text.startsWith("0x")) return character === "f" ? "a" : String.fromCharCode(character.charCodeAt(0) + 1);
  if (character === "z") return "a";
  if (character === "Z") return "A";
  return String.fromCharCode(character.charCodeAt(0) + 1);
}

/** Offsets of the letters and digits inside the JSON strings named "content": the words of a question or an answer. */
function letterOffsets(bytes: Uint8Array): number[] {
  // One character a byte, so that indexes are offsets.
  const text = latin1(bytes);
  const offsets: number[] = [];
  for (const match of text.matchAll(/"content":\s?"((?:[^"\\]|\\.)*)"/g)) {
    const content = match[1] as string;
    const start = match.index + match[0].length - 1 - content.length;
    // Escapes such as \n or \u00e9 are passed over: their letters are not letters of the text.
    for (const part of content.matchAll(/\\u[0-9a-fA-F]{4}|\\.|[0-9A-Za-z]/g)) {
      if (part[0].length === 1) offsets.push(start + part.index);
    }
  }
  return offsets;
}

function changeLetter(
  bytes: Uint8Array,
  position: number,
): { bytes: Uint8Array<ArrayBuffer>; excerpt: Tampered["excerpt"] } {
  const at = letterOffsets(bytes)[position] ?? 0;
  const text = latin1(bytes);
  const to = otherCharacter(text, at);
  const copy = new Uint8Array(bytes);
  copy[at] = to.charCodeAt(0);
  return { bytes: copy, excerpt: excerptOf(text, at, to) };
}

function excerptOf(text: string, at: number, to: string): Tampered["excerpt"] {
  const before = text.slice(Math.max(0, at - excerptLength), at);
  const after = text.slice(at + 1, at + 1 + excerptLength);
  return {
    before: at > excerptLength ? `…${before}` : before,
    from: text[at] as string,
    to,
    after: at + 1 + excerptLength < text.length ? `${after}…` : after,
  };
}

function latin1(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}
