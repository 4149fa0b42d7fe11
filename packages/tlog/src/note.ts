import { base64ToBytes, bytesToBase64 } from "./base64.ts";
import { isKeyName } from "./note-key.ts";
import { TlogError } from "./tlog-error.ts";

/** One signature line, not yet checked. */
export interface NoteSignature {
  readonly name: string;
  readonly keyId: number;
  /** What follows the key id: its form depends on the key's type. */
  readonly signature: Uint8Array;
}

/** A signed note (C2SP signed-note), taken apart but not yet checked. */
export interface Note {
  /** The signed text, which ends in a newline. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** Limits of what is parsed: the same as those of golang.org/x/mod/sumdb/note. */
export const NOTE_LENGTH_MAX = 1_000_000;
export const NOTE_SIGNATURES_MAX = 100;

const KEY_ID_BYTES = 4;

/** Takes a note apart; throws NOTE_MALFORMED for anything that is not exactly in the format. */
export function parseNote(note: string): Note {
  if (note.length > NOTE_LENGTH_MAX) throw malformed("length");
  assertNoteCharacters(note);
  const separator = note.lastIndexOf("\n\n");
  if (separator === -1) throw malformed("no signatures");
  const text = note.slice(0, separator + 1);
  const block = note.slice(separator + 2);
  if (!block.endsWith("\n")) throw malformed("last newline");
  const lines = block.slice(0, -1).split("\n");
  if (lines.length > NOTE_SIGNATURES_MAX) throw malformed("too many signatures");
  return { text, signatures: lines.map(parseSignatureLine) };
}

/** Takes a note apart that came as bytes; throws NOTE_MALFORMED, also for invalid UTF-8. */
export function decodeNote(bytes: Uint8Array): Note {
  if (bytes.length > NOTE_LENGTH_MAX) throw malformed("length");
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new TlogError({ code: "NOTE_MALFORMED", reason: "UTF-8" }, { cause });
  }
  return parseNote(text);
}

/** Puts a note together; the inverse of parseNote. Throws NOTE_MALFORMED when the parts make no note. */
export function formatNote(note: Note): string {
  assertNoteText(note.text);
  if (note.signatures.length === 0) throw malformed("no signatures");
  if (note.signatures.length > NOTE_SIGNATURES_MAX) throw malformed("too many signatures");
  const formatted = `${note.text}\n${note.signatures.map(formatSignatureLine).join("")}`;
  if (formatted.length > NOTE_LENGTH_MAX) throw malformed("length");
  return formatted;
}

/** Writes one signature line with its newline. */
export function formatSignatureLine({ name, keyId, signature }: NoteSignature): string {
  if (!isKeyName(name)) throw malformed("key name");
  const bytes = new Uint8Array(KEY_ID_BYTES + signature.length);
  new DataView(bytes.buffer).setUint32(0, keyId);
  bytes.set(signature, KEY_ID_BYTES);
  return `— ${name} ${bytesToBase64(bytes)}\n`;
}

/** Throws NOTE_MALFORMED unless the text can be that of a note: not empty, ends in a newline, no control characters. */
export function assertNoteText(text: string): void {
  if (!text.endsWith("\n")) throw malformed("text without final newline");
  assertNoteCharacters(text);
}

/** Reads one signature line without its newline. */
export function parseSignatureLine(line: string): NoteSignature {
  const [, name, encoded] = /^— ([^ ]+) ([^ ]+)$/u.exec(line) ?? [];
  const bytes = encoded === undefined ? undefined : base64ToBytes(encoded);
  if (name === undefined || !isKeyName(name) || bytes === undefined || bytes.length <= KEY_ID_BYTES) {
    throw malformed("signature line");
  }
  return { name, keyId: new DataView(bytes.buffer).getUint32(0), signature: bytes.subarray(KEY_ID_BYTES) };
}

function assertNoteCharacters(text: string): void {
  if (!text.isWellFormed()) throw malformed("UTF-8");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: notes must not contain them (signed-note, Format).
  if (/[\u0000-\u0009\u000b-\u001f]/.test(text)) throw malformed("control character");
}

function malformed(reason: string): TlogError {
  return new TlogError({ code: "NOTE_MALFORMED", reason });
}
