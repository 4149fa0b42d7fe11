import { createHmac, hkdfSync } from "node:crypto";
import { invariant } from "@koinon/errors/invariant";
import type { Address } from "@koinon/secp256k1/address";
import { createSigner } from "@koinon/secp256k1/ecdsa";

const SEED_BYTES = 32;
const SECRET_BYTES = 32;

/**
 * What a deployment's gateways derive from the one secret they share: 32 random bytes, the same for all replicas, kept for as
 * long as its keys' receipts matter. HKDF-SHA256 (RFC 5869) with one label per purpose, so no derived secret tells another.
 */
export class Seed {
  readonly #seed: Uint8Array;

  constructor(seed: Uint8Array) {
    invariant(seed.length === SEED_BYTES, "a gateway seed has 32 bytes");
    this.#seed = seed;
  }

  /** Keys the mapping from `idempotency-key` to request id. */
  idempotencySecret(): Uint8Array {
    return this.#derive("idempotency/1");
  }

  /** Authenticates page tokens. */
  pageTokenKey(): Uint8Array {
    return this.#derive("page-token/1");
  }

  /**
   * The custodial address of an API key. A 32-byte output is a valid secp256k1 key except with probability 2^-127, in which
   * case creating the signer throws and the creation of the key fails.
   */
  consumerAddress(keyId: string): Address {
    return createSigner(this.#derive(`consumer/1/${keyId}`)).address;
  }

  /**
   * Randomness of a key whose creation has a name: the same creation draws the same key, which lets a repeated request be
   * answered with it although only its hash is stored.
   */
  creationRandomness(creator: string, creation: string): { bytes(length: number): Uint8Array } {
    const secret = this.#derive("creation/1");
    let block = 0;
    return {
      bytes: (length) => {
        const mac = createHmac("sha256", secret).update(`${block++}\0${creator}\0${creation}`).digest();
        invariant(length <= mac.length, "at most one block is drawn at a time");
        return mac.subarray(0, length);
      },
    };
  }

  #derive(label: string): Uint8Array {
    return new Uint8Array(hkdfSync("sha256", this.#seed, "", `koinon/gateway/${label}`, SECRET_BYTES));
  }
}
