import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";
import { RegistryError } from "./fault.ts";
import { type AnchoredCheckpoint, checkpointSlots, readCheckpoint } from "./registry-storage.ts";
import { type StorageProof, verifyStorageProof } from "./storage-proof.ts";

/** Which checkpoint is looked for, and what is trusted: the registry's address, and a state root taken from a trusted header. */
export interface AnchorQuestion {
  readonly stateRoot: Hex;
  readonly registry: Address;
  readonly origin: string;
  readonly size: bigint;
}

/** What a proof shows of it. */
export type AnchorVerdict =
  | { readonly status: "anchored"; readonly checkpoint: AnchoredCheckpoint }
  /** In that state the size was not anchored. */
  | { readonly status: "absent" }
  | { readonly status: "invalid" };

/** The account and slots to ask eth_getProof for, so that `verifyAnchor` can check its reply. */
export function anchorProofRequest({ registry, origin, size }: Omit<AnchorQuestion, "stateRoot">): {
  readonly address: Address;
  readonly slots: readonly Hex[];
} {
  const { root, submission } = checkpointSlots(origin, size);
  return { address: registry, slots: [root, submission] };
}

/**
 * Checks without a network that a checkpoint was anchored in a state. Whether the log signed the same root is for the caller
 * to compare. Throws RegistryError for a question that no registry answers (an empty origin, a size beyond 64 bits).
 */
export function verifyAnchor(question: AnchorQuestion, proof: StorageProof): AnchorVerdict {
  const { address, slots } = anchorProofRequest(question);
  const words = verifyStorageProof({ stateRoot: question.stateRoot, address, slots }, proof);
  if (words === undefined) return { status: "invalid" };
  try {
    const [root, submission] = words as [bigint, bigint];
    const checkpoint = readCheckpoint(question.size, root, submission);
    return checkpoint === undefined ? { status: "absent" } : { status: "anchored", checkpoint };
  } catch (error) {
    if (error instanceof RegistryError) return { status: "invalid" };
    throw error;
  }
}
