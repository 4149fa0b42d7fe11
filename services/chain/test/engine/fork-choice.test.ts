import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { blockHash } from "@koinon/ethereum/block-header";
import type { Hex } from "@koinon/secp256k1/hex";
import type {
  BuiltPayload,
  ForkchoiceOutcome,
  PayloadAttributes,
  ProposedPayload,
} from "../../src/engine/execution-engine.ts";
import { payloadHeader } from "../../src/engine/payload.ts";
import { type ChainFixture, never, startChainFixture } from "../chain/chain-fixture.ts";
import { testGenesis } from "../chain/test-genesis.ts";
import { signerOf } from "../sample-transactions.ts";

let fixture: ChainFixture;
beforeEach(async () => {
  fixture = await startChainFixture();
});
afterEach(async () => await fixture.close());

const zero: Hex = `0x${"00".repeat(32)}`;

async function choose(
  head: Hex,
  attributes?: PayloadAttributes,
  marks: Partial<{ safe: Hex; finalized: Hex }> = {},
): Promise<ForkchoiceOutcome> {
  const { safe = zero, finalized = zero } = marks;
  const state = { headBlockHash: head, safeBlockHash: safe, finalizedBlockHash: finalized };
  return await fixture.chain.engine.forkchoiceUpdated(state, attributes);
}

/** Builds on the head without adopting what was built; `mark` tells siblings apart. */
async function build(mark: number): Promise<BuiltPayload> {
  const { hash, timestamp } = await fixture.chain.engine.head();
  const { payloadId } = await choose(hash, {
    timestamp: timestamp + BigInt(mark),
    prevRandao: zero,
    suggestedFeeRecipient: "0x00000000000000000000000000000000000000fe",
    withdrawals: [],
    parentBeaconBlockRoot: zero,
  });
  return await fixture.chain.engine.getPayload(payloadId ?? "0x");
}

async function grow(mark: number): Promise<Hex> {
  const { blockHash } = (await build(mark)).payload;
  expect((await choose(blockHash)).payloadStatus.status).toBe("VALID");
  return blockHash;
}

describe("building", () => {
  test("what no block can hold leaves the pool", async () => {
    // A key that owns code: EIP-3607 refuses its transactions, and the pool does not look.
    await fixture.close();
    const { address } = signerOf(70);
    const owner = { balance: "0x21e19e0c9bab2400000", code: "0x00" };
    fixture = await startChainFixture({ genesis: testGenesis({ alloc: { [address]: owner } }) });
    await fixture.submit({ value: 1n }, 70);
    await fixture.submit({ value: 1n }, 0);
    await fixture.propose();
    expect(fixture.chain.view.reader.head().transactionCount).toBe(1);
    expect(fixture.chain.view.mempool.status().pending).toBe(0);
  });
});

describe("fork choice", () => {
  test("a candidate that is not chosen changes nothing, and can be chosen later", async () => {
    await fixture.submit({ value: 1n }, 0);
    const one = await build(1);
    const other = await build(2);
    const { chain } = fixture;
    expect(chain.view.reader.head().header.number).toBe(0n);
    expect(chain.view.mempool.status().pending).toBe(1);
    await choose(other.payload.blockHash);
    expect(chain.view.reader.head().hash).toBe(other.payload.blockHash);
    expect(chain.view.reader.header(one.payload.blockHash)).toBeUndefined();
  });

  test("a reorganisation undoes blocks, and their transactions wait again", async () => {
    const { chain } = fixture;
    const genesis = chain.view.reader.genesisHash;
    const empty = await build(9);
    await fixture.submit({ value: 5n }, 0);
    const first = await grow(1);
    await fixture.submit({ value: 6n }, 0);
    const second = await grow(1);
    const hashes = [first, second].flatMap(
      (block) => chain.view.reader.block(block)?.transactions.map(({ hash }) => hash) ?? [],
    );
    expect(hashes).toHaveLength(2);
    const removed: (readonly [string, Hex])[] = [];
    const stop = new AbortController();
    const cursor = `2-${second}`;
    await choose(empty.payload.blockHash);
    expect(chain.view.reader.head().hash).toBe(empty.payload.blockHash);
    expect(chain.view.reader.header(0n)?.hash).toBe(genesis);
    expect(chain.view.reader.stateAt("latest").account(signerOf(0).address)?.nonce).toBe(0n);
    expect(chain.view.mempool.status().pending).toBe(2);
    for (const hash of hashes) expect(chain.view.reader.transaction(hash)?.place).toBeUndefined();
    for await (const { kind, block } of chain.view.subscriptions.blocks({ cursor, signal: stop.signal })) {
      removed.push([kind, block.hash]);
      if (removed.length === 3) stop.abort();
    }
    expect(removed).toEqual([
      ["removed", second],
      ["removed", first],
      ["added", empty.payload.blockHash],
    ]);
    // And back again: the undone blocks are executed once more.
    expect((await choose(second)).payloadStatus.status).toBe("VALID");
    expect(chain.view.reader.head().hash).toBe(second);
    expect(chain.view.mempool.status().pending).toBe(0);
    for (const hash of hashes) expect(chain.view.reader.receipt(hash)?.succeeded).toBe(true);
    expect(() => chain.store.state.verify()).not.toThrow();
  });

  test("answers SYNCING for what it does not know, and goes back to no ancestor", async () => {
    const first = await grow(1);
    await grow(1);
    expect((await choose(`0x${"77".repeat(32)}`)).payloadStatus.status).toBe("SYNCING");
    const { payloadStatus } = await choose(first);
    expect(payloadStatus).toMatchObject({ status: "VALID", latestValidHash: first });
    expect(fixture.chain.view.reader.head().header.number).toBe(2n);
  });

  test("safe and final blocks must be ancestors of the head", async () => {
    const other = await build(5);
    const first = await grow(1);
    const second = await grow(1);
    await choose(second, undefined, { safe: first, finalized: first });
    expect(fixture.chain.view.reader.header("safe")?.hash).toBe(first);
    await expect(choose(second, undefined, { finalized: other.payload.blockHash })).rejects.toMatchObject({
      code: "FORKCHOICE_STATE_INVALID",
    });
  });

  test("a time that is not after the head's is refused, and the head is chosen all the same", async () => {
    const { payload } = await build(1);
    const attributes = {
      timestamp: payload.timestamp,
      prevRandao: zero,
      suggestedFeeRecipient: signerOf(1).address,
      withdrawals: [],
      parentBeaconBlockRoot: zero,
    };
    await expect(choose(payload.blockHash, attributes)).rejects.toMatchObject({ code: "PAYLOAD_ATTRIBUTES_INVALID" });
    expect(fixture.chain.view.reader.head().hash).toBe(payload.blockHash);
  });

  test("a payload under another hash than its own is invalid, and its hash means nothing", async () => {
    const good = await build(1);
    const { engine } = fixture.chain;
    const bad = { ...good, payload: { ...good.payload, gasUsed: 1n } };
    expect(await engine.newPayload(bad, never)).toMatchObject({ status: "INVALID", latestValidHash: undefined });
    expect((await engine.newPayload(good, never)).status).toBe("VALID");
  });

  test("a block on an invalid block is invalid, with the last valid one named", async () => {
    const good = await build(1);
    const { engine, view } = fixture.chain;
    const bad = withHash({ ...good, payload: { ...good.payload, stateRoot: zero } });
    const { genesisHash } = view.reader;
    expect(await engine.newPayload(bad, never)).toMatchObject({ status: "INVALID", latestValidHash: genesisHash });
    const parentHash = bad.payload.blockHash;
    const child = withHash({ ...good, payload: { ...good.payload, parentHash, blockNumber: 2n } });
    expect(await engine.newPayload(child, never)).toMatchObject({ status: "INVALID", latestValidHash: genesisHash });
    expect((await choose(child.payload.blockHash)).payloadStatus.status).toBe("INVALID");
  });

  test("a block on an unknown one is left open, and an unknown payload has no name", async () => {
    const good = await build(1);
    const orphan = withHash({ ...good, payload: { ...good.payload, parentHash: `0x${"77".repeat(32)}` } });
    expect((await fixture.chain.engine.newPayload(orphan, never)).status).toBe("SYNCING");
    await expect(fixture.chain.engine.getPayload("0x0000000000000000")).rejects.toMatchObject({
      code: "PAYLOAD_UNKNOWN",
    });
  });
});

function withHash(proposed: ProposedPayload): ProposedPayload {
  return { ...proposed, payload: { ...proposed.payload, blockHash: blockHash(payloadHeader(proposed)) } };
}
