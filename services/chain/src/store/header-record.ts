import { decodeHeader, encodeHeader } from "@koinon/ethereum/block-header";
import { bloomBytes } from "@koinon/ethereum/bloom";
import { bytesToHex, type Hex, writeHex } from "@koinon/secp256k1/hex";
import type { ChainHeader } from "../chain-view.ts";

const hashBytes = 32;
const factsBytes = hashBytes + 4 + 4;

/**
 * Where the bloom begins in a header's RLP: behind the list's prefix of three bytes, two hashes, an address, three hashes and
 * its own prefix. Everything before it has a fixed length.
 */
const bloomOffset = 3 + 2 * 33 + 21 + 3 * 33 + 3;

/** A header as it is on disk: hash, number of transactions, size, and the header's RLP. */
export function encodeHeaderRecord({ hash, header, transactionCount, sizeBytes }: ChainHeader): Uint8Array {
  const encoded = encodeHeader(header);
  const bytes = new Uint8Array(factsBytes + encoded.length);
  const view = new DataView(bytes.buffer);
  writeHex(hash, bytes, 0, hashBytes);
  view.setUint32(hashBytes, transactionCount);
  view.setUint32(hashBytes + 4, sizeBytes);
  bytes.set(encoded, factsBytes);
  return bytes;
}

/** Reads what `encodeHeaderRecord` wrote. */
export function decodeHeaderRecord(bytes: Uint8Array): ChainHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return {
    hash: recordHash(bytes),
    header: decodeHeader(bytes.subarray(factsBytes)),
    transactionCount: view.getUint32(hashBytes),
    sizeBytes: view.getUint32(hashBytes + 4),
  };
}

/** The block's hash, without reading the rest. */
export function recordHash(bytes: Uint8Array): Hex {
  return bytesToHex(bytes.subarray(0, hashBytes));
}

/** The block's bloom, without reading the rest. */
export function recordBloom(bytes: Uint8Array): Uint8Array {
  const start = factsBytes + bloomOffset;
  return bytes.subarray(start, start + bloomBytes);
}
