import { createSlab } from "@koinon/trie/slab";

/** Some twenty transfers share a piece; all of it stays as long as any of them waits, so it is small. */
const allocate = createSlab(2_048);

/** A copy to be kept. Short ones share a piece of memory: one of its own costs more than the copy, and more again to collect. */
export function keepBytes(bytes: Uint8Array): Uint8Array {
  const kept = allocate(bytes.length);
  kept.set(bytes);
  return kept;
}
