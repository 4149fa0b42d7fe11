import { type BlockRef as BlockRefMessage, BlockTag } from "@koinon/contracts/koinon/chain/v1/chain_service";
import type { Address } from "@koinon/secp256k1/address";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import type { BlockRef } from "../chain-view.ts";
import { ChainError } from "../errors.ts";

/** A hash of 32 bytes; throws ChainError `REQUEST_INVALID` for anything else. */
export function readHash(bytes: Uint8Array, field: string): Hex {
  return readFixed(bytes, 32, field);
}

/** An address of 20 bytes; throws like `readHash`. */
export function readAddress(bytes: Uint8Array, field: string): Address {
  return readFixed(bytes, 20, field);
}

/** A word of at most 32 bytes; throws like `readHash`. */
export function readWord(bytes: Uint8Array, field: string): bigint {
  if (bytes.length > 32) throw new ChainError({ code: "REQUEST_INVALID", field });
  return bytes.length === 0 ? 0n : BigInt(bytesToHex(bytes));
}

/** An amount as big-endian bytes without leading zeros. */
export function amountBytes(value: bigint): Uint8Array {
  if (value === 0n) return new Uint8Array(0);
  const digits = value.toString(16);
  return new Uint8Array(Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, "hex"));
}

/** The block that a request names; the latest when it names none. */
export function readBlockRef(ref: BlockRefMessage | undefined): BlockRef {
  const block = ref?.block;
  switch (block?.$case) {
    case undefined:
      return "latest";
    case "number":
      return block.value;
    case "hash":
      return readHash(block.value, "block.hash");
    case "tag":
      return tags.get(block.value) ?? "latest";
  }
}

const tags = new Map<BlockTag, BlockRef>([
  [BlockTag.SAFE, "safe"],
  [BlockTag.FINALIZED, "finalized"],
  [BlockTag.EARLIEST, "earliest"],
]);

function readFixed(bytes: Uint8Array, sizeBytes: number, field: string): Hex {
  if (bytes.length !== sizeBytes) throw new ChainError({ code: "REQUEST_INVALID", field });
  return bytesToHex(bytes);
}
