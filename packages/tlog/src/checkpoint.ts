import { HASH_BYTES } from "@koinon/merkle/tree-hasher";
import { TREE_SIZE_MAX } from "@koinon/merkle/tree-position";
import { base64ToBytes, bytesToBase64 } from "./base64.ts";
import { type Ed25519, portableEd25519 } from "./ed25519.ts";
import { formatNote, parseNote } from "./note.ts";
import type { SignerKey, VerifierKey } from "./note-key.ts";
import { signNote, type VerifiedNote, verifyNote } from "./note-signature.ts";
import { TlogError } from "./tlog-error.ts";

/** A tree head of a log (C2SP tlog-checkpoint). */
export interface Checkpoint {
  readonly origin: string;
  readonly size: bigint;
  /** 32 bytes. */
  readonly root: Uint8Array;
  /** Further lines, opaque; usually none. */
  readonly extensions: readonly string[];
}

/** A checkpoint whose log signature verified. */
export interface VerifiedCheckpoint {
  readonly checkpoint: Checkpoint;
  readonly note: VerifiedNote;
}

/** Reads the text of a checkpoint; throws CHECKPOINT_MALFORMED for any other spelling than formatCheckpoint's. */
export function parseCheckpoint(text: string): Checkpoint {
  if (!text.endsWith("\n")) throw malformed("last newline");
  const [origin, size, encodedRoot, ...extensions] = text.slice(0, -1).split("\n");
  if (origin === undefined || origin === "") throw malformed("origin");
  if (size === undefined || !/^(0|[1-9][0-9]{0,18})$/.test(size)) throw malformed("size");
  const root = encodedRoot === undefined ? undefined : base64ToBytes(encodedRoot);
  if (root === undefined || root.length !== HASH_BYTES) throw malformed("root");
  const checkpoint = { origin, size: BigInt(size), root, extensions };
  assertCheckpoint(checkpoint);
  return checkpoint;
}

/** Writes the text of a checkpoint, the part of the note that is signed. */
export function formatCheckpoint(checkpoint: Checkpoint): string {
  assertCheckpoint(checkpoint);
  const lines = [checkpoint.origin, checkpoint.size, bytesToBase64(checkpoint.root), ...checkpoint.extensions];
  return `${lines.join("\n")}\n`;
}

/** Signs a checkpoint with the log's key and answers the note. */
export function signCheckpoint(checkpoint: Checkpoint, key: SignerKey, ed25519: Ed25519 = portableEd25519): string {
  const text = formatCheckpoint(checkpoint);
  return formatNote({ text, signatures: [signNote(text, key, ed25519)] });
}

/** A log as its readers know it. */
export interface LogIdentity {
  readonly origin: string;
  readonly key: VerifierKey;
}

/**
 * Opens a signed checkpoint of a known log: the origin must be the log's, the log's own signature must be there, and every
 * line of the log or of a given witness must verify. Throws a TlogError otherwise.
 */
export function openCheckpoint(
  note: string,
  log: LogIdentity,
  witnesses: readonly VerifierKey[] = [],
  ed25519: Ed25519 = portableEd25519,
): VerifiedCheckpoint {
  const parsed = parseNote(note);
  const verified = verifyNote(parsed, [log.key, ...witnesses], ed25519);
  if (!verified.verified.some((signature) => signature.key === log.key)) {
    throw new TlogError({ code: "NOTE_UNSIGNED", wanted: log.key.name });
  }
  const checkpoint = parseCheckpoint(verified.text);
  if (checkpoint.origin !== log.origin) {
    throw new TlogError({ code: "CHECKPOINT_ORIGIN_UNKNOWN", origin: checkpoint.origin });
  }
  return { checkpoint, note: verified };
}

function assertCheckpoint({ origin, size, root, extensions }: Checkpoint): void {
  if (origin === "" || origin.includes("\n")) throw malformed("origin");
  if (size < 0n || size > TREE_SIZE_MAX) throw malformed("size");
  if (root.length !== HASH_BYTES) throw malformed("root");
  if (extensions.some((line) => line === "" || line.includes("\n"))) throw malformed("extension line");
}

function malformed(reason: string): TlogError {
  return new TlogError({ code: "CHECKPOINT_MALFORMED", reason });
}
