import { bytesToHex } from "@koinon/secp256k1/hex";
import { anchorProofRequest, verifyAnchor } from "@koinon/solidity/anchor-proof";
import type { Anchor, RegistryPlace } from "../store/anchor-store.ts";
import type { PublishedCheckpoint } from "../store/checkpoint-store.ts";
import { AnchorError } from "./anchor-error.ts";
import type { Chain } from "./chain.ts";

/**
 * The proof that a checkpoint stands in the registry in the state of a block, checked as its readers will check it. Throws
 * AnchorError ANCHOR_UNPROVED when it does not, and what the chain throws.
 */
export async function proveAnchor(
  { registry, origin, block: number }: Pick<RegistryPlace, "registry"> & { origin: string; block: bigint },
  { size, root }: Pick<PublishedCheckpoint, "size" | "root">,
  chain: Chain,
  signal: AbortSignal,
): Promise<Anchor> {
  const { slots } = anchorProofRequest({ registry, origin, size });
  const block = await chain.block(number, signal);
  const proof = await chain.proof(registry, slots, number, signal);
  const unproved = () => new AnchorError({ code: "ANCHOR_UNPROVED", size, block: number });
  if (block === undefined) throw unproved();
  const verdict = verifyAnchor({ stateRoot: block.stateRoot, registry, origin, size }, proof);
  if (verdict.status !== "anchored" || verdict.checkpoint.root !== bytesToHex(root)) throw unproved();
  return { size, blockNumber: block.number, blockHash: block.hash, header: block.rlp, proof };
}
