import { allocateBytes } from "@koinon/trie/slab";

const emptyString = 0x80;

const scratch = new Uint8Array(32);
const scratchView = new DataView(scratch.buffer);

/** A word without its leading zeros: what a slot holds on disk, and in the storage trie as an RLP string. */
export function wordToBytes(word: bigint): Uint8Array {
  scratchView.setBigUint64(0, word >> 192n);
  scratchView.setBigUint64(8, word >> 128n);
  scratchView.setBigUint64(16, word >> 64n);
  scratchView.setBigUint64(24, word);
  let start = 0;
  while (start < 31 && scratch[start] === 0) start++;
  const bytes = allocateBytes(32 - start);
  bytes.set(start === 0 ? scratch : scratch.subarray(start));
  return bytes;
}

/** Reads what `wordToBytes` wrote. */
export function bytesToWord(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex")}`);
}

/** The leaf of a storage trie: RLP of the word without leading zeros, which is at most 32 bytes. */
export function slotLeaf(word: Uint8Array): Uint8Array {
  if (word.length === 1 && (word[0] as number) < emptyString) return word;
  const leaf = allocateBytes(1 + word.length);
  leaf[0] = emptyString + word.length;
  leaf.set(word, 1);
  return leaf;
}
