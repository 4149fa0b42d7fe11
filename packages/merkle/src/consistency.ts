import { type HashReader, hashSpans, type LeafSpan } from "./hash-reader.ts";
import { splitOf } from "./inclusion.ts";
import { MerkleError } from "./merkle-error.ts";
import { isHash, isSameHash, portableTreeHasher, type TreeHasher } from "./tree-hasher.ts";
import { bitCount, bitLength, type TreeNumber, trailingZeros, treeNumber, treeSizeOf } from "./tree-position.ts";

/** A tree by its size and root. */
export interface TreeHead {
  readonly size: TreeNumber;
  readonly root: Uint8Array;
}

/**
 * Makes the consistency proof of RFC 9162 section 2.1.4.1. It is empty when the sizes are equal or the first tree is empty.
 * Throws when the sizes are not in order.
 */
export function createConsistencyProof(
  reader: HashReader,
  first: TreeNumber,
  second: TreeNumber,
  hasher: TreeHasher = portableTreeHasher,
): Promise<Uint8Array[]> {
  const from = treeSizeOf(first);
  const to = treeSizeOf(second);
  if (from > to) throw new MerkleError({ code: "SIZES_NOT_ORDERED", first: from, second: to });
  return hashSpans(reader, consistencySpans(from, to), hasher);
}

/**
 * True when the proof shows that `second` extends `first` (RFC 9162 section 2.1.4.2). Both roots are recomputed from the
 * proof; an empty tree must have the empty root, equal sizes need equal roots and an empty proof. Never throws.
 */
export function verifyConsistency(
  first: TreeHead,
  second: TreeHead,
  hashes: readonly Uint8Array[],
  hasher: TreeHasher = portableTreeHasher,
): boolean {
  const from = treeNumber(first.size);
  const to = treeNumber(second.size);
  if (from === undefined || to === undefined || from > to) return false;
  if (!isHash(first.root) || !isHash(second.root) || !hashes.every(isHash)) return false;
  if (from === 0n || from === to) {
    if (hashes.length > 0) return false;
    if (from === 0n && !isSameHash(first.root, hasher.emptyRoot)) return false;
    return from !== to || isSameHash(first.root, second.root);
  }
  const roots = rootsOfConsistency(from, to, first.root, hashes, hasher);
  return roots !== undefined && isSameHash(roots.first, first.root) && isSameHash(roots.second, second.root);
}

/** Both roots that a proof between trees of sizes 0 < from < to leads to; undefined when it has another number of hashes. */
function rootsOfConsistency(
  from: bigint,
  to: bigint,
  firstRoot: Uint8Array,
  hashes: readonly Uint8Array[],
  hasher: TreeHasher,
): { first: Uint8Array; second: Uint8Array } | undefined {
  // The walk starts at the largest complete subtree that ends where the first tree ends. When that is the whole first
  // tree, its hash is the first root and the proof leaves it out.
  const shift = trailingZeros(from);
  const isWhole = from === 1n << BigInt(shift);
  const [seed, ...path] = isWhole ? [firstRoot, ...hashes] : hashes;
  const start = (from - 1n) >> BigInt(shift);
  const inner = bitLength((from - 1n) ^ (to - 1n)) - shift;
  const border = bitCount(start >> BigInt(inner));
  if (seed === undefined || path.length !== inner + border) return undefined;
  let first = seed;
  let second = seed;
  for (const [step, sibling] of path.entries()) {
    if (step >= inner || ((start >> BigInt(step)) & 1n) === 1n) {
      first = hasher.node(sibling, first);
      second = hasher.node(sibling, second);
    } else {
      second = hasher.node(second, sibling);
    }
  }
  return { first, second };
}

function consistencySpans(first: bigint, second: bigint): LeafSpan[] {
  if (first === 0n || first === second) return [];
  const spans: LeafSpan[] = [];
  let begin = 0n;
  let end = second;
  while (first !== end) {
    const middle = begin + splitOf(end - begin);
    if (first <= middle) {
      spans.push({ begin: middle, end });
      end = middle;
    } else {
      spans.push({ begin, end: middle });
      begin = middle;
    }
  }
  // The first tree's own last subtree is left out when it is the whole first tree: its hash is the root known already.
  if (begin !== 0n) spans.push({ begin, end });
  return spans.reverse();
}
