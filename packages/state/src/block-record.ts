import { bytesToHex, type Hex, writeHex } from "@koinon/secp256k1/hex";
import { blockNumberBytes, readBlockNumber } from "./block-number.ts";

/** A block as the chain names it. */
export interface BlockId {
  readonly number: bigint;
  readonly hash: Hex;
  readonly parentHash: Hex;
}

/** A committed block and the root of the state after it. */
export interface CommittedBlock extends BlockId {
  readonly root: Hex;
}

/** Number, hash, hash of the parent, state root: 104 bytes. */
export function encodeBlock(block: CommittedBlock): Uint8Array {
  const bytes = new Uint8Array(104);
  bytes.set(blockNumberBytes(block.number));
  writeHex(block.hash, bytes, 8, 32);
  writeHex(block.parentHash, bytes, 40, 32);
  writeHex(block.root, bytes, 72, 32);
  return bytes;
}

/** Reads what `encodeBlock` wrote. */
export function decodeBlock(bytes: Uint8Array): CommittedBlock {
  return {
    number: readBlockNumber(bytes),
    hash: bytesToHex(bytes.subarray(8, 40)),
    parentHash: bytesToHex(bytes.subarray(40, 72)),
    root: bytesToHex(bytes.subarray(72, 104)),
  };
}
