/** Where the arithmetic comes from: libsecp256k1 of the operating system, the one inside an npm package, or JavaScript. */
export type CurveImplementation = "system" | "prebuilt" | "pure";

/** The curve arithmetic that a platform supplies; inputs have been checked for length before. */
export interface Curve {
  /** Which implementation this is, for logs and tests. */
  readonly implementation: CurveImplementation;
  /** The uncompressed public key, 65 bytes; throws for an invalid private key. */
  publicKey(privateKey: Uint8Array): Uint8Array;
  /** True for 0 < key < n. */
  isPrivateKey(privateKey: Uint8Array): boolean;
  /** True for a point (65 bytes, of which the first has been checked) on the curve. */
  isPublicKey(publicKey: Uint8Array): boolean;
  /** Deterministic (RFC 6979) low-s signature: 64 bytes r, s and the recovery id 0 to 3; throws for an invalid private key. */
  sign(digest: Uint8Array, privateKey: Uint8Array): { compact: Uint8Array; recoveryId: number };
  /** The uncompressed public key behind 64 bytes r, s and a recovery id 0 to 3; throws when there is none. Valid until the next call. */
  recover(digest: Uint8Array, compact: Uint8Array, recoveryId: number): Uint8Array;
}
