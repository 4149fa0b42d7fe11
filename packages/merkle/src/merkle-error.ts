import { DomainError } from "@koinon/errors/domain-error";

/** What can be wrong with a request for a hash or a proof. Verifiers never throw these: they answer false. */
export type MerkleFault =
  | { code: "TREE_SIZE_INVALID"; size: string }
  | { code: "LEAF_INDEX_INVALID"; index: string; treeSize: bigint }
  | { code: "SIZES_NOT_ORDERED"; first: bigint; second: bigint }
  | { code: "HASH_LENGTH_INVALID"; length: number }
  | { code: "COMPACT_RANGE_INVALID"; size: bigint; hashes: number }
  | { code: "HASHES_MISSING"; asked: number; answered: number };

/** Thrown by proof creation and by compact ranges. */
export class MerkleError extends DomainError<MerkleFault> {}
