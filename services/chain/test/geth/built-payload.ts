import type { ProposedPayload } from "../../src/engine/execution-engine.ts";
import { proposedPayload } from "../../src/engine/payload.ts";
import type { ChainFixture } from "../chain/chain-fixture.ts";

/** A block of the chain as it is proposed. */
export function builtPayload({ chain }: ChainFixture, hash: `0x${string}`): ProposedPayload {
  const block = chain.view.reader.block(hash);
  if (block === undefined) throw new Error("the block is not there");
  const outcomes = chain.view.reader.receipts(hash) ?? [];
  return proposedPayload({ ...block, outcomes, requests: [], changed: [] });
}
