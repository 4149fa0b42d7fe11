import { hash, timingSafeEqual } from "node:crypto";

const PREFIX = "sk-koinon-";
const ID_BYTES = 8;
const ID_LENGTH = ID_BYTES * 2;
const SECRET_BYTES = 32;
const SECRET_LENGTH = 43; // unpadded base64url of 32 bytes
const KEY_LENGTH = PREFIX.length + ID_LENGTH + 1 + SECRET_LENGTH;
const BEARER = "Bearer ";

/** An API key as its holder sees it, split into what may be shown and what is only ever compared. */
export interface ApiKey {
  /** 16 lower-case hex digits; public, names the key in lists and logs. */
  readonly id: string;
  /** The whole key, `sk-koinon-<id>-<secret>`. */
  readonly text: string;
}

/** Makes a key from 8 bytes of identity and 32 bytes of secret, both from a cryptographic generator. */
export function createApiKey(idBytes: Uint8Array, secretBytes: Uint8Array): ApiKey {
  if (idBytes.length !== ID_BYTES || secretBytes.length !== SECRET_BYTES)
    throw new RangeError("an API key takes 8 + 32 bytes");
  const id = Buffer.from(idBytes).toString("hex");
  return { id, text: `${PREFIX}${id}-${Buffer.from(secretBytes).toString("base64url")}` };
}

/** Draws a new key. */
export function generateApiKey(random: { bytes(length: number): Uint8Array }): ApiKey {
  return createApiKey(random.bytes(ID_BYTES), random.bytes(SECRET_BYTES));
}

/** Parses a key; undefined when the text is not one. The secret's alphabet is not checked: the hash decides. */
export function createApiKeyFromText(text: string): ApiKey | undefined {
  if (text.length !== KEY_LENGTH || !text.startsWith(PREFIX) || text.charCodeAt(PREFIX.length + ID_LENGTH) !== 0x2d) {
    return undefined;
  }
  const id = text.slice(PREFIX.length, PREFIX.length + ID_LENGTH);
  return isKeyId(id) ? { id, text } : undefined;
}

/** Parses `Authorization: Bearer <key>`; the scheme is case-insensitive (RFC 9110 §11.1). */
export function createApiKeyFromHeader(header: string | undefined): ApiKey | undefined {
  if (header === undefined || header.length !== BEARER.length + KEY_LENGTH) return undefined;
  if (!header.startsWith(BEARER) && header.slice(0, BEARER.length).toLowerCase() !== "bearer ") return undefined;
  return createApiKeyFromText(header.slice(BEARER.length));
}

/** True for the id part of a key: 16 lower-case hex digits. */
export function isKeyId(text: string): boolean {
  if (text.length !== ID_LENGTH) return false;
  for (let at = 0; at < ID_LENGTH; at++) {
    const unit = text.charCodeAt(at);
    if (!((unit >= 0x30 && unit <= 0x39) || (unit >= 0x61 && unit <= 0x66))) return false;
  }
  return true;
}

/**
 * What is stored of a key: SHA-256 over its whole text, 32 bytes. A fast hash is right here, unlike for passwords: the
 * secret has 256 random bits, so a slow hash would add nothing against guessing and would cost every request.
 */
export function apiKeyHash(text: string): Uint8Array {
  return hash("sha256", text, "buffer");
}

/** Compares a presented key with a stored hash in time that does not depend on where they differ. */
export function isApiKeyOf(text: string, storedHash: Uint8Array): boolean {
  return storedHash.length === 32 && timingSafeEqual(apiKeyHash(text), storedHash);
}

/** The part of a key that is safe to show: `sk-koinon-<id>`. */
export function apiKeyPrefix(id: string): string {
  return `${PREFIX}${id}`;
}
