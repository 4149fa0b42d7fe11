import { type Ed25519, portableEd25519 } from "./ed25519.ts";
import { assertNoteText, type Note, type NoteSignature } from "./note.ts";
import { formatKeyId, type SignerKey, type VerifierKey } from "./note-key.ts";
import { TlogError } from "./tlog-error.ts";

/** A signature line that verified, with the key that checked it. */
export interface VerifiedSignature {
  readonly key: VerifierKey;
  readonly line: NoteSignature;
  /** Seconds since the epoch when the cosigner signed; absent for plain signatures. */
  readonly timestamp?: bigint;
}

/** A note of which at least one signature verified. */
export interface VerifiedNote {
  readonly text: string;
  /** The first valid line of each known key, in the order of the note. */
  readonly verified: readonly VerifiedSignature[];
  /** Lines of unknown keys, and further valid lines of known ones. Nothing may be concluded from them. */
  readonly ignored: readonly NoteSignature[];
}

const TIMESTAMP_BYTES = 8;
const SIGNATURE_BYTES = 64;
const TIMESTAMP_MAX = 2n ** 63n - 1n;

/** Signs a text as a note's plain Ed25519 signature (type 0x01). */
export function signNote(text: string, key: SignerKey, ed25519: Ed25519 = portableEd25519): NoteSignature {
  assertNoteText(text);
  assertType(key, "ed25519");
  return { name: key.name, keyId: key.keyId, signature: ed25519.sign(new TextEncoder().encode(text), key.seed) };
}

/** Cosigns a checkpoint's text at a time in seconds since the epoch (C2SP tlog-cosignature, cosignature/v1, type 0x04). */
export function cosignNote(
  text: string,
  key: SignerKey,
  timestamp: bigint,
  ed25519: Ed25519 = portableEd25519,
): NoteSignature {
  assertNoteText(text);
  assertType(key, "cosignature");
  if (timestamp <= 0n || timestamp > TIMESTAMP_MAX)
    throw new TlogError({ code: "NOTE_MALFORMED", reason: "timestamp" });
  const signature = new Uint8Array(TIMESTAMP_BYTES + SIGNATURE_BYTES);
  new DataView(signature.buffer).setBigUint64(0, timestamp);
  signature.set(ed25519.sign(cosignedMessage(text, timestamp), key.seed), TIMESTAMP_BYTES);
  return { name: key.name, keyId: key.keyId, signature };
}

/**
 * Checks a note against known keys. Every line whose name and key id are those of a known key must verify, else it throws
 * NOTE_SIGNATURE_INVALID; when no known key signed it throws NOTE_UNSIGNED.
 */
export function verifyNote(note: Note, keys: readonly VerifierKey[], ed25519: Ed25519 = portableEd25519): VerifiedNote {
  const verified = new Map<string, VerifiedSignature>();
  const ignored: NoteSignature[] = [];
  for (const line of note.signatures) {
    const key = keys.find((candidate) => candidate.name === line.name && candidate.keyId === line.keyId);
    if (key === undefined) {
      ignored.push(line);
      continue;
    }
    const signature = verifyLine(note.text, line, key, ed25519);
    const identity = `${line.name} ${line.keyId}`;
    if (verified.has(identity)) ignored.push(line);
    else verified.set(identity, signature);
  }
  if (verified.size === 0)
    throw new TlogError({ code: "NOTE_UNSIGNED", wanted: keys.map((key) => key.name).join(" ") });
  return { text: note.text, verified: [...verified.values()], ignored };
}

function verifyLine(text: string, line: NoteSignature, key: VerifierKey, ed25519: Ed25519): VerifiedSignature {
  const invalid = () =>
    new TlogError({ code: "NOTE_SIGNATURE_INVALID", name: line.name, keyId: formatKeyId(line.keyId) });
  if (key.type === "ed25519") {
    const isValid = ed25519.verify(line.signature, new TextEncoder().encode(text), key.publicKey);
    if (line.signature.length !== SIGNATURE_BYTES || !isValid) throw invalid();
    return { key, line };
  }
  if (line.signature.length !== TIMESTAMP_BYTES + SIGNATURE_BYTES) throw invalid();
  const timestamp = new DataView(line.signature.buffer, line.signature.byteOffset).getBigUint64(0);
  const signature = line.signature.subarray(TIMESTAMP_BYTES);
  // Zero is reserved for cosigners that state no time, which cosignature/v1 does not know.
  if (timestamp === 0n || timestamp > TIMESTAMP_MAX) throw invalid();
  if (!ed25519.verify(signature, cosignedMessage(text, timestamp), key.publicKey)) throw invalid();
  return { key, line, timestamp };
}

function cosignedMessage(text: string, timestamp: bigint): Uint8Array {
  return new TextEncoder().encode(`cosignature/v1\ntime ${timestamp}\n${text}`);
}

function assertType(key: SignerKey, type: SignerKey["type"]): void {
  if (key.type !== type) throw new TlogError({ code: "NOTE_KEY_MALFORMED", reason: `key of type ${key.type}` });
}
