import { encodeRlp } from "@koinon/ethereum/rlp";

/** A word without its leading zeros: what a slot holds on disk, and in the storage trie as an RLP string. */
export function wordToBytes(word: bigint): Uint8Array {
  const digits = word.toString(16);
  const bytes = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, "hex");
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Reads what `wordToBytes` wrote. */
export function bytesToWord(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex")}`);
}

/** The leaf of a storage trie: RLP of the word without leading zeros. */
export function slotLeaf(word: Uint8Array): Uint8Array {
  return encodeRlp(word);
}
