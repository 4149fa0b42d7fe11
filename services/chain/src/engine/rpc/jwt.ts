import { createHmac, timingSafeEqual } from "node:crypto";

/** A secret of 32 bytes that both ends of the Engine API have. */
export type JwtSecret = Uint8Array;

/** How far a token's time may be from ours, in seconds (Engine API, authentication). */
const toleranceSeconds = 60;

const header = encode({ alg: "HS256", typ: "JWT" });

/** Reads a secret from the text of its file: 64 digits of hex, with or without 0x; undefined for anything else. */
export function parseJwtSecret(text: string): JwtSecret | undefined {
  const digits = text.trim().replace(/^0x/i, "");
  return /^[0-9a-f]{64}$/i.test(digits) ? new Uint8Array(Buffer.from(digits, "hex")) : undefined;
}

/** A token that is good for the next minute. */
export function createJwt(secret: JwtSecret, nowMs: number): string {
  const signed = `${header}.${encode({ iat: Math.floor(nowMs / 1000) })}`;
  return `${signed}.${signature(secret, signed)}`;
}

/** True when the token was made with the secret, by HS256 and nothing else, less than a minute ago. */
export function isGoodJwt(token: string, secret: JwtSecret, nowMs: number): boolean {
  const [head, claims, given, ...rest] = token.split(".");
  if (head === undefined || claims === undefined || given === undefined || rest.length > 0) return false;
  const { alg } = decode(head);
  if (alg !== "HS256") return false;
  const wanted = Buffer.from(signature(secret, `${head}.${claims}`));
  const had = Buffer.from(given);
  if (wanted.length !== had.length || !timingSafeEqual(wanted, had)) return false;
  const { iat, exp } = decode(claims);
  const nowSeconds = nowMs / 1000;
  if (typeof exp === "number" && exp < nowSeconds) return false;
  return typeof iat === "number" && Math.abs(nowSeconds - iat) <= toleranceSeconds;
}

function signature(secret: JwtSecret, signed: string): string {
  return createHmac("sha256", secret).update(signed).digest("base64url");
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function decode(part: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString());
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
