import { foldSubtrees } from "./compact-range.ts";
import { MerkleError } from "./merkle-error.ts";
import { isHash, portableTreeHasher, type TreeHasher } from "./tree-hasher.ts";
import { completeSubtrees, type TreeNumber, type TreePosition, treeSizeOf } from "./tree-position.ts";

/** Where the hashes of complete subtrees come from: memory, tiles, a database. */
export interface HashReader {
  /** Answers one 32-byte hash per position, in order; rejects when one is not there. All of a proof's positions come in one call. */
  readHashes(positions: readonly TreePosition[]): Promise<readonly Uint8Array[]>;
}

/** A run of leaves [begin, end) whose hash is wanted. */
export interface LeafSpan {
  readonly begin: bigint;
  readonly end: bigint;
}

/** The hash over each span, where a span that is no complete subtree is folded from the ones it falls into. */
export async function hashSpans(
  reader: HashReader,
  spans: readonly LeafSpan[],
  hasher: TreeHasher,
): Promise<Uint8Array[]> {
  const parts = spans.map((span) => completeSubtrees(span.begin, span.end));
  const positions = parts.flat();
  const hashes = positions.length === 0 ? [] : await reader.readHashes(positions);
  if (hashes.length !== positions.length) {
    throw new MerkleError({ code: "HASHES_MISSING", asked: positions.length, answered: hashes.length });
  }
  for (const hash of hashes) {
    if (!isHash(hash)) throw new MerkleError({ code: "HASH_LENGTH_INVALID", length: hash.length });
  }
  let at = 0;
  return parts.map((part) => {
    const own = hashes.slice(at, at + part.length);
    at += part.length;
    return foldSubtrees(own, hasher);
  });
}

/** The root of the tree of the first `size` leaves. */
export async function readRoot(
  reader: HashReader,
  size: TreeNumber,
  hasher: TreeHasher = portableTreeHasher,
): Promise<Uint8Array> {
  const [root] = await hashSpans(reader, [{ begin: 0n, end: treeSizeOf(size) }], hasher);
  return root ?? hasher.emptyRoot;
}
