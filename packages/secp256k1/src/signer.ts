import type { Address } from "./address.ts";

/** A key that signs digests. Key material stays behind this interface, so that a hardware or remote key can stand in. */
export interface Signer {
  readonly address: Address;
  /** Signs a 32-byte digest: 65 bytes r, s (low), v (27 or 28); deterministic (RFC 6979). */
  sign(digest: Uint8Array): Uint8Array<ArrayBuffer>;
}
