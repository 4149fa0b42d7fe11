import { MerkleError } from "./merkle-error.ts";
import { isHash, portableTreeHasher, type TreeHasher } from "./tree-hasher.ts";
import { bitCount, type TreeNumber, type TreePosition, trailingZeros, treeSizeOf } from "./tree-position.ts";

/** Told of every complete subtree that an append finishes, the leaf first. */
export type SubtreeVisitor = (position: TreePosition, hash: Uint8Array) => void;

/**
 * A tree reduced to what appending needs: the hashes of the complete subtrees that its leaves fall into, one per set bit
 * of its size, largest first. At most 63 hashes, whatever the size.
 */
export class CompactRange {
  readonly #hasher: TreeHasher;
  readonly #hashes: Uint8Array[];
  #size: bigint;

  private constructor(size: bigint, hashes: Uint8Array[], hasher: TreeHasher) {
    this.#size = size;
    this.#hashes = hashes;
    this.#hasher = hasher;
  }

  /** The tree without leaves. */
  static empty(hasher: TreeHasher = portableTreeHasher): CompactRange {
    return new CompactRange(0n, [], hasher);
  }

  /** A tree of that size from its subtree hashes, largest first; throws when their number or lengths do not fit. */
  static fromHashes(
    size: TreeNumber,
    hashes: readonly Uint8Array[],
    hasher: TreeHasher = portableTreeHasher,
  ): CompactRange {
    const treeSize = treeSizeOf(size);
    if (bitCount(treeSize) !== hashes.length) {
      throw new MerkleError({ code: "COMPACT_RANGE_INVALID", size: treeSize, hashes: hashes.length });
    }
    for (const hash of hashes) assertHash(hash);
    return new CompactRange(treeSize, [...hashes], hasher);
  }

  /** How many leaves the tree has. */
  get size(): bigint {
    return this.#size;
  }

  /** The subtree hashes, largest subtree first. */
  get hashes(): readonly Uint8Array[] {
    return this.#hashes;
  }

  /** Adds one leaf by its leaf hash. */
  append(leafHash: Uint8Array, visit?: SubtreeVisitor): void {
    assertHash(leafHash);
    const size = treeSizeOf(this.#size + 1n);
    let hash = leafHash;
    visit?.({ level: 0, index: size - 1n }, hash);
    const merges = trailingZeros(size);
    for (let level = 1; level <= merges; level++) {
      const left = this.#hashes.pop();
      if (left === undefined) throw new MerkleError({ code: "COMPACT_RANGE_INVALID", size, hashes: 0 });
      hash = this.#hasher.node(left, hash);
      visit?.({ level, index: (size - 1n) >> BigInt(level) }, hash);
    }
    this.#hashes.push(hash);
    this.#size = size;
  }

  /** The root of the tree as it is now (RFC 9162 section 2.1.1). */
  root(): Uint8Array {
    return foldSubtrees(this.#hashes, this.#hasher);
  }
}

/** The root over adjacent complete subtrees, given left to right and largest first; the empty root for none. */
export function foldSubtrees(hashes: readonly Uint8Array[], hasher: TreeHasher = portableTreeHasher): Uint8Array {
  const last = hashes.at(-1);
  if (last === undefined) return hasher.emptyRoot;
  return hashes.slice(0, -1).reduceRight((right, left) => hasher.node(left, right), last);
}

/** The root of a list of leaf hashes. */
export function rootOfLeafHashes(
  leafHashes: Iterable<Uint8Array>,
  hasher: TreeHasher = portableTreeHasher,
): Uint8Array {
  const range = CompactRange.empty(hasher);
  for (const hash of leafHashes) range.append(hash);
  return range.root();
}

/** The root of a list of entries. */
export function rootOfEntries(entries: Iterable<Uint8Array>, hasher: TreeHasher = portableTreeHasher): Uint8Array {
  const range = CompactRange.empty(hasher);
  for (const entry of entries) range.append(hasher.leaf(entry));
  return range.root();
}

function assertHash(hash: Uint8Array): void {
  if (!isHash(hash)) throw new MerkleError({ code: "HASH_LENGTH_INVALID", length: hash.length });
}
