import { invariant } from "@koinon/errors/invariant";
import type { Hex } from "@koinon/secp256k1/hex";

/**
 * Fixed-size byte fields of one operation, one after the other. A batch sends its records as one binary parameter, which costs a fraction of
 * the array literals that PostgreSQL would otherwise have to read; the functions cut the fields out again by position.
 */
export class PackedRecord {
  readonly bytes: Buffer;
  #at = 0;

  constructor(sizeBytes: number) {
    this.bytes = Buffer.alloc(sizeBytes);
  }

  /** Appends a field given as hex, which has to be exactly `sizeBytes` long. */
  hex(value: Hex, sizeBytes: number): this {
    const isHex = value.startsWith("0x") && value.length === 2 + 2 * sizeBytes;
    const written = isHex ? this.bytes.write(value.slice(2), this.#at, sizeBytes, "hex") : 0;
    invariant(written === sizeBytes, `a field of ${sizeBytes} bytes is that long`);
    this.#at += sizeBytes;
    return this;
  }

  /** Appends a field given as bytes, which has to be exactly `sizeBytes` long. */
  raw(value: Uint8Array, sizeBytes: number): this {
    invariant(value.length === sizeBytes, `a field of ${sizeBytes} bytes is that long`);
    this.bytes.set(value, this.#at);
    this.#at += sizeBytes;
    return this;
  }
}
