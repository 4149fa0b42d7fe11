import type { HashReader } from "../src/hash-reader.ts";
import { portableTreeHasher as hasher } from "../src/tree-hasher.ts";

// The definitions of RFC 9162 section 2.1, written as they stand there: recursive, over whole lists. The oracle of the tests.

/** MTH(D[n]) over leaf hashes. */
export function naiveRoot(leaves: readonly Uint8Array[]): Uint8Array {
  const [only] = leaves;
  if (only === undefined) return hasher.emptyRoot;
  if (leaves.length === 1) return only;
  const k = split(leaves.length);
  return hasher.node(naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k)));
}

/** PATH(m, D[n]). */
export function naivePath(m: number, leaves: readonly Uint8Array[]): Uint8Array[] {
  if (leaves.length <= 1) return [];
  const k = split(leaves.length);
  return m < k
    ? [...naivePath(m, leaves.slice(0, k)), naiveRoot(leaves.slice(k))]
    : [...naivePath(m - k, leaves.slice(k)), naiveRoot(leaves.slice(0, k))];
}

/** PROOF(m, D[n]) for 0 < m <= n. */
export function naiveConsistency(m: number, leaves: readonly Uint8Array[], whole = true): Uint8Array[] {
  if (m === leaves.length) return whole ? [] : [naiveRoot(leaves)];
  const k = split(leaves.length);
  return m <= k
    ? [...naiveConsistency(m, leaves.slice(0, k), whole), naiveRoot(leaves.slice(k))]
    : [...naiveConsistency(m - k, leaves.slice(k), false), naiveRoot(leaves.slice(0, k))];
}

/** Answers complete subtrees by recomputing them from the leaves; refuses any that is not complete. */
export function naiveReader(leaves: readonly Uint8Array[]): HashReader {
  return {
    async readHashes(positions) {
      return positions.map(({ level, index }) => {
        const width = 2 ** level;
        const begin = Number(index) * width;
        if (begin + width > leaves.length) throw new Error(`subtree ${level}/${index} is not complete`);
        return naiveRoot(leaves.slice(begin, begin + width));
      });
    },
  };
}

/** Distinct leaf hashes. */
export function testLeaves(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => hasher.leaf(new TextEncoder().encode(`leaf ${i}`)));
}

function split(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}
