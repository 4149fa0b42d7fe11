/** The curve arithmetic that a platform supplies; inputs have been checked for length before. */
export interface Curve {
  /** Which implementation this is, for logs and tests. */
  readonly implementation: "native" | "pure";
  /** The uncompressed public key, 65 bytes; throws for an invalid private key. */
  publicKey(privateKey: Uint8Array): Uint8Array;
  /** True for 0 < key < n. */
  isPrivateKey(privateKey: Uint8Array): boolean;
  /** True for an uncompressed point (65 bytes) on the curve. */
  isPublicKey(publicKey: Uint8Array): boolean;
  /** Deterministic (RFC 6979) low-s signature: 64 bytes r, s and the recovery id 0 to 3. */
  sign(digest: Uint8Array, privateKey: Uint8Array): { compact: Uint8Array; recoveryId: number };
  /** The uncompressed public key behind a signature; throws when there is none. */
  recover(digest: Uint8Array, compact: Uint8Array, recoveryId: number): Uint8Array;
}
