import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { blockHash as hashOf } from "@koinon/ethereum/block-header";
import type { Hex } from "@koinon/secp256k1/hex";
import type { BuiltPayload, ExecutionPayload, PayloadStatus } from "../../src/engine/execution-engine.ts";
import { payloadHeader } from "../../src/engine/payload.ts";
import { type ChainFixture, never, startChainFixture } from "../chain/chain-fixture.ts";
import { transfers, Wallets } from "../chain/workload.ts";

let source: ChainFixture;
let follower: ChainFixture;
beforeEach(async () => {
  [source, follower] = await Promise.all([startChainFixture(), startChainFixture()]);
});
afterEach(async () => {
  await source.close();
  await follower.close();
});

const zero: Hex = `0x${"00".repeat(32)}`;

/** Blocks of the source chain with transactions in them, oldest first. */
async function produce(count: number): Promise<BuiltPayload[]> {
  const wallets = new Wallets();
  const blocks: BuiltPayload[] = [];
  for (let block = 0; block < count; block++) {
    await source.submitRaw(transfers(wallets, 3));
    await source.propose();
    blocks.push(source.proposed());
  }
  return blocks;
}

/** The block with another header, under the hash of that. */
function forge(block: BuiltPayload, changes: Partial<ExecutionPayload>): BuiltPayload {
  const payload = { ...block.payload, ...changes };
  return { ...block, payload: { ...payload, blockHash: hashOf(payloadHeader({ ...block, payload })) } };
}

const handIn = (block: BuiltPayload): Promise<PayloadStatus> => follower.chain.engine.newPayload(block, never);

async function choose(head: Hex): Promise<string> {
  const state = { headBlockHash: head, safeBlockHash: zero, finalizedBlockHash: zero };
  return (await follower.chain.engine.forkchoiceUpdated(state, undefined)).payloadStatus.status;
}

describe("blocks that arrive before their parent", () => {
  test("are SYNCING, and executed when it arrives", async () => {
    const blocks = await produce(4);
    const [first, ...later] = blocks as [BuiltPayload, ...BuiltPayload[]];
    for (const block of later.toReversed()) {
      expect(await handIn(block)).toMatchObject({ status: "SYNCING", latestValidHash: undefined });
    }
    const last = later.at(-1)?.payload.blockHash ?? zero;
    expect(await choose(last)).toBe("SYNCING");
    expect((await handIn(first)).status).toBe("VALID");
    // Nobody hands the others in again.
    expect(await choose(last)).toBe("VALID");
    expect((await follower.chain.engine.head()).hash).toBe(last);
    expect(follower.chain.view.reader.head().header.stateRoot).toBe(source.chain.view.reader.head().header.stateRoot);
    for (const block of blocks) expect((await handIn(block)).status).toBe("VALID");
  });

  test("are invalid when it is", async () => {
    const [first, second, third] = (await produce(3)) as [BuiltPayload, BuiltPayload, BuiltPayload];
    expect((await handIn(third)).status).toBe("SYNCING");
    // The same parent, but with another root than execution makes: the hash is right, the block is not.
    const forged = forge(second, { stateRoot: `0x${"12".repeat(32)}` });
    const child = forge(third, { parentHash: forged.payload.blockHash });
    expect((await handIn(child)).status).toBe("SYNCING");
    expect((await handIn(first)).status).toBe("VALID");
    expect(await handIn(forged)).toMatchObject({ status: "INVALID", latestValidHash: first.payload.blockHash });
    expect(await handIn(child)).toMatchObject({ status: "INVALID", latestValidHash: first.payload.blockHash });
    expect(await choose(child.payload.blockHash)).toBe("INVALID");
    expect((await handIn(second)).status).toBe("VALID");
    expect(await choose(third.payload.blockHash)).toBe("VALID");
  });

  test("are kept in bounds: the oldest are forgotten", async () => {
    const blocks = await produce(11);
    const [first, ...later] = blocks as [BuiltPayload, ...BuiltPayload[]];
    // Eight are kept: of ten, the two that came first are not.
    for (const block of later) expect((await handIn(block)).status).toBe("SYNCING");
    expect((await handIn(first)).status).toBe("VALID");
    expect(await choose(later[0]?.payload.blockHash ?? zero)).toBe("SYNCING");
    expect((await handIn(later[0] as BuiltPayload)).status).toBe("VALID");
    expect((await handIn(later[1] as BuiltPayload)).status).toBe("VALID");
    expect(await choose(later.at(-1)?.payload.blockHash ?? zero)).toBe("VALID");
  });
});
