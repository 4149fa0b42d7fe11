import { sha256 } from "@noble/hashes/sha2.js";
import { base64ToBytes, bytesToBase64 } from "./base64.ts";
import { type Ed25519, portableEd25519 } from "./ed25519.ts";
import { TlogError } from "./tlog-error.ts";

/** Signature types of C2SP signed-note that this package speaks: plain Ed25519 (0x01) and cosignature/v1 (0x04). */
export type NoteKeyType = "ed25519" | "cosignature";

/** A key that checks signature lines. */
export interface VerifierKey {
  readonly name: string;
  /** First four bytes of SHA-256(name, newline, type, public key), big-endian. */
  readonly keyId: number;
  readonly type: NoteKeyType;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
}

/** A key that makes signature lines. */
export interface SignerKey extends VerifierKey {
  /** The 32-byte Ed25519 seed. */
  readonly seed: Uint8Array;
}

const KEY_BYTES = 32;
const TYPE_BYTES: Record<NoteKeyType, number> = { ed25519: 0x01, cosignature: 0x04 };
const SIGNER_PREFIX = "PRIVATE+KEY+";
/** Longer names, and keys around them, are refused before anything is parsed. */
const NAME_LENGTH_MAX = 1024;
const KEY_LENGTH_MAX = NAME_LENGTH_MAX + 128;

/** True for what signed-note allows as a key name: not empty, no Unicode space, no plus, no control character. */
export function isKeyName(name: string): boolean {
  return (
    name.length > 0 &&
    name.length <= NAME_LENGTH_MAX &&
    name.isWellFormed() &&
    // biome-ignore lint/suspicious/noControlCharactersInRegex: notes must not contain them (signed-note, Format).
    !/[\p{White_Space}+\u0000-\u001f]/u.test(name)
  );
}

/** A verifier key from its parts; throws when the name or the length of the key is not allowed. */
export function createVerifierKey(name: string, type: NoteKeyType, publicKey: Uint8Array): VerifierKey {
  if (!isKeyName(name)) throw malformed("name");
  if (publicKey.length !== KEY_BYTES) throw malformed("key length");
  return { name, type, publicKey, keyId: keyIdOf(name, type, publicKey) };
}

/** A signer key from a name and a 32-byte seed. */
export function createSignerKey(
  name: string,
  type: NoteKeyType,
  seed: Uint8Array,
  ed25519: Ed25519 = portableEd25519,
): SignerKey {
  if (seed.length !== KEY_BYTES) throw malformed("seed length");
  return { ...createVerifierKey(name, type, ed25519.publicKey(seed)), seed };
}

/** Writes a vkey: name+hex(key id)+base64(type, public key). */
export function formatVerifierKey(key: VerifierKey): string {
  return `${key.name}+${formatKeyId(key.keyId)}+${encodeMaterial(key.type, key.publicKey)}`;
}

/** Reads a vkey; throws NOTE_KEY_MALFORMED, also when the key id does not follow from the key. */
export function parseVerifierKey(vkey: string): VerifierKey {
  const { name, keyId, type, material } = parseKey(vkey);
  const key = createVerifierKey(name, type, material);
  if (formatKeyId(key.keyId) !== keyId) throw malformed("key id");
  return key;
}

/** Writes a signer key as golang.org/x/mod/sumdb/note does: PRIVATE+KEY+name+hex(key id)+base64(type, seed). A secret. */
export function formatSignerKey(key: SignerKey): string {
  return `${SIGNER_PREFIX}${key.name}+${formatKeyId(key.keyId)}+${encodeMaterial(key.type, key.seed)}`;
}

/** Reads a signer key; throws NOTE_KEY_MALFORMED. */
export function parseSignerKey(skey: string, ed25519: Ed25519 = portableEd25519): SignerKey {
  if (!skey.startsWith(SIGNER_PREFIX)) throw malformed("prefix");
  const { name, keyId, type, material } = parseKey(skey.slice(SIGNER_PREFIX.length));
  const key = createSignerKey(name, type, material, ed25519);
  if (formatKeyId(key.keyId) !== keyId) throw malformed("key id");
  return key;
}

/** A key id as eight hex digits. */
export function formatKeyId(keyId: number): string {
  return keyId.toString(16).padStart(8, "0");
}

function keyIdOf(name: string, type: NoteKeyType, publicKey: Uint8Array): number {
  const prefix = new TextEncoder().encode(`${name}\n`);
  const digest = sha256(Uint8Array.from([...prefix, TYPE_BYTES[type], ...publicKey]));
  return new DataView(digest.buffer, digest.byteOffset).getUint32(0);
}

function encodeMaterial(type: NoteKeyType, material: Uint8Array): string {
  return bytesToBase64(Uint8Array.from([TYPE_BYTES[type], ...material]));
}

function parseKey(text: string): { name: string; keyId: string; type: NoteKeyType; material: Uint8Array } {
  if (text.length > KEY_LENGTH_MAX) throw malformed("length");
  // The base64 part may itself contain plus characters.
  const [, name, keyId, encoded] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(text) ?? [];
  if (name === undefined || keyId === undefined || encoded === undefined) throw malformed("parts");
  const bytes = base64ToBytes(encoded);
  const type = (["ed25519", "cosignature"] as const).find((candidate) => TYPE_BYTES[candidate] === bytes?.[0]);
  if (bytes === undefined || bytes.length !== 1 + KEY_BYTES) throw malformed("key encoding");
  if (type === undefined) throw malformed("key type");
  return { name, keyId, type, material: bytes.subarray(1) };
}

function malformed(reason: string): TlogError {
  return new TlogError({ code: "NOTE_KEY_MALFORMED", reason });
}
