import type { AccountProof, SlotProof } from "@koinon/state/account-proof";
import type { ChainReader, ProofRequest } from "../chain-view.ts";

/** Proved without a look at the signal; of a block long ago each takes a millisecond. */
const slotsPerSlice = 32;

/** A proof that can be broken off between slices of its slots; throws like `ChainReader.proof`, and the signal's reason. */
export async function proveInSlices(
  reader: Pick<ChainReader, "proof">,
  { address, slots, at }: ProofRequest,
  { pause, signal }: { pause(): Promise<unknown>; readonly signal: AbortSignal },
): Promise<AccountProof> {
  const proof = reader.proof(address, slots.slice(0, slotsPerSlice), at);
  const storageProof: SlotProof[] = [...proof.storageProof];
  for (let start = slotsPerSlice; start < slots.length; start += slotsPerSlice) {
    await pause();
    signal.throwIfAborted();
    storageProof.push(...reader.proof(address, slots.slice(start, start + slotsPerSlice), at).storageProof);
  }
  return { ...proof, storageProof };
}
