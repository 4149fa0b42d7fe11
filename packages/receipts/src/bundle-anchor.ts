import type { JsonValue } from "@koinon/canonical-json/json-value";
import type { Hex } from "@koinon/secp256k1/hex";
import type { JsonNode } from "./json-node.ts";

/**
 * Shows that a bundle's checkpoint stands in a checkpoint registry on a chain. It names neither chain nor registry nor
 * checkpoint: the trust file and the bundle say which these are.
 */
export interface BundleAnchor {
  /** RLP of block headers: of the block whose state the proofs are of, then child by child up to a block that the reader trusts. */
  readonly headers: readonly Hex[];
  /** RLP nodes (EIP-1186) from that state's root to the registry's account. */
  readonly account: readonly Hex[];
  /** RLP nodes from the registry's storage root to the slot of the checkpoint's root. */
  readonly root: readonly Hex[];
  /** RLP nodes from the registry's storage root to the slot of its submitter and epoch. */
  readonly submission: readonly Hex[];
}

/** Most headers of an anchor; with as many, a bundle is still below its size limit. */
export const anchorHeadersMax = 256;

// The longest header today has 21 fields and about 750 bytes, of which 257 are the bloom.
const headerBytesMax = 2_048;
// A path of 64 nibbles has at most 65 nodes; a branch with sixteen hashes and a short value has 565 bytes.
const proofNodesMax = 65;
const nodeBytesMax = 1_024;

/** The anchor's JSON. */
export function anchorToJson({ headers, account, root, submission }: BundleAnchor): JsonValue {
  return { headers: [...headers], account: [...account], root: [...root], submission: [...submission] };
}

/** Reads an anchor's form; throws ReceiptsError. */
export function readAnchor(node: JsonNode): BundleAnchor {
  const { headers, account, root, submission } = node.members(["headers", "account", "root", "submission"]);
  const nodes = (list: JsonNode): Hex[] => list.list(proofNodesMax).map((item) => item.hexUpTo(nodeBytesMax));
  return {
    headers: headers.list(anchorHeadersMax).map((item) => item.hexUpTo(headerBytesMax)),
    account: nodes(account),
    root: nodes(root),
    submission: nodes(submission),
  };
}
