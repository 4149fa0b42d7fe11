import { type Checkpoint, parseCheckpoint } from "@koinon/tlog/checkpoint";
import type { Ed25519 } from "@koinon/tlog/ed25519";
import { type Note, type NoteSignature, parseNote } from "@koinon/tlog/note";
import { parseVerifierKey, type VerifierKey } from "@koinon/tlog/note-key";
import { verifyNote } from "@koinon/tlog/note-signature";
import { TlogError } from "@koinon/tlog/tlog-error";
import type { TrustedLog } from "../trust.ts";

/** How far a bundle's checkpoint could be opened; each state has what the one before had. */
export type OpenedCheckpoint =
  | { readonly state: "malformed"; readonly reason: string }
  | { readonly state: "unknown-log"; readonly origin: string }
  | { readonly state: "not-signed"; readonly log: TrustedLog; readonly reason: string }
  | SignedCheckpoint;

/** A checkpoint that its log signed. */
export interface SignedCheckpoint {
  readonly state: "signed";
  readonly log: TrustedLog;
  readonly checkpoint: Checkpoint;
  readonly note: Note;
  /** Every line but the log's. */
  readonly cosignatures: readonly NoteSignature[];
}

/** Takes the note apart, finds the log it claims to be of among the trusted ones, and checks that log's signature. */
export function openBundleCheckpoint(text: string, logs: readonly TrustedLog[], ed25519: Ed25519): OpenedCheckpoint {
  let note: Note;
  let checkpoint: Checkpoint;
  try {
    note = parseNote(text);
    checkpoint = parseCheckpoint(note.text);
  } catch (error) {
    if (!(error instanceof TlogError)) throw error;
    return { state: "malformed", reason: error.message };
  }
  const log = logs.find((candidate) => candidate.origin === checkpoint.origin);
  if (log === undefined) return { state: "unknown-log", origin: checkpoint.origin };
  const key = parseVerifierKey(log.vkey);
  const own = note.signatures.filter((line) => isOf(line, key));
  // A second line of the log would be a line that nobody checked.
  if (own.length !== 1) return { state: "not-signed", log, reason: `it has ${own.length} signatures of the log's key` };
  try {
    verifyNote({ text: note.text, signatures: own }, [key], ed25519);
  } catch (error) {
    if (!(error instanceof TlogError)) throw error;
    return { state: "not-signed", log, reason: "the signature of the log's key does not verify" };
  }
  return { state: "signed", log, checkpoint, note, cosignatures: note.signatures.filter((line) => !isOf(line, key)) };
}

function isOf(line: NoteSignature, key: VerifierKey): boolean {
  return line.name === key.name && line.keyId === key.keyId;
}
