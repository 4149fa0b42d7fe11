import { type HashReader, hashSpans, type LeafSpan } from "./hash-reader.ts";
import { isHash, isSameHash, portableTreeHasher, type TreeHasher } from "./tree-hasher.ts";
import { bitCount, bitLength, leafIndexOf, type TreeNumber, treeNumber, treeSizeOf } from "./tree-position.ts";

/** The claim that the leaf with this hash is at `index` of the tree of `treeSize` leaves, with its path, leaf to root. */
export interface InclusionClaim {
  readonly index: TreeNumber;
  readonly treeSize: TreeNumber;
  readonly leafHash: Uint8Array;
  readonly hashes: readonly Uint8Array[];
}

/** Makes the inclusion proof of RFC 9162 section 2.1.3.1, leaf to root; throws when the index is not in the tree. */
export function createInclusionProof(
  reader: HashReader,
  index: TreeNumber,
  treeSize: TreeNumber,
  hasher: TreeHasher = portableTreeHasher,
): Promise<Uint8Array[]> {
  const size = treeSizeOf(treeSize);
  return hashSpans(reader, inclusionSpans(leafIndexOf(index, size), size), hasher);
}

/** True when the claim leads to exactly this root (RFC 9162 section 2.1.3.2). Never throws: malformed claims are false. */
export function verifyInclusion(
  claim: InclusionClaim,
  root: Uint8Array,
  hasher: TreeHasher = portableTreeHasher,
): boolean {
  const computed = rootOfInclusion(claim, hasher);
  return computed !== undefined && isSameHash(computed, root);
}

/** The root that the claim leads to, or undefined when index, size, hash lengths or the number of hashes can not be right. */
export function rootOfInclusion(
  claim: InclusionClaim,
  hasher: TreeHasher = portableTreeHasher,
): Uint8Array | undefined {
  const index = treeNumber(claim.index);
  const size = treeNumber(claim.treeSize);
  if (index === undefined || size === undefined || index >= size) return undefined;
  if (!isHash(claim.leafHash) || !claim.hashes.every(isHash)) return undefined;
  // Below the level where the paths of this leaf and of the last one meet, every step is named by a bit of the index;
  // above it the leaf is on the right border, and only its left siblings are in the proof.
  const inner = bitLength(index ^ (size - 1n));
  const border = bitCount(index >> BigInt(inner));
  if (claim.hashes.length !== inner + border) return undefined;
  let hash = claim.leafHash;
  for (const [step, sibling] of claim.hashes.entries()) {
    const isRightChild = step >= inner || ((index >> BigInt(step)) & 1n) === 1n;
    hash = isRightChild ? hasher.node(sibling, hash) : hasher.node(hash, sibling);
  }
  return hash;
}

function inclusionSpans(index: bigint, size: bigint): LeafSpan[] {
  const spans: LeafSpan[] = [];
  let begin = 0n;
  let end = size;
  while (end - begin > 1n) {
    const middle = begin + splitOf(end - begin);
    if (index < middle) {
      spans.push({ begin: middle, end });
      end = middle;
    } else {
      spans.push({ begin, end: middle });
      begin = middle;
    }
  }
  return spans.reverse();
}

/** The largest power of two below the size, which is where RFC 9162 splits a tree; size is at least 2. */
export function splitOf(size: bigint): bigint {
  return 1n << BigInt(bitLength(size - 1n) - 1);
}
