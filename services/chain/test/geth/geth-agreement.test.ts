import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { blockHash } from "@koinon/ethereum/block-header";
import { SeededRandom } from "@koinon/testkit/seeded-random";
import { waitFor } from "@koinon/testkit/wait-for";
import type { ExecutionPayload, ProposedPayload } from "../../src/engine/execution-engine.ts";
import { payloadHeader } from "../../src/engine/payload.ts";
import { type ChainFixture, never, startChainFixture } from "../chain/chain-fixture.ts";
import { testGenesis } from "../chain/test-genesis.ts";
import {
  consensusRequests,
  contracts,
  delegations,
  olderTypes,
  precompileCalls,
  randomPrograms,
  selfDestructs,
  transfers,
  Wallets,
} from "../chain/workload.ts";
import { describeWithGeth, gethFile } from "./describe-with-geth.ts";
import { type GethNode, startGeth } from "./geth-node.ts";

const genesis = testGenesis();
const root = `0x${"5a".repeat(32)}` as const;
const commitments = {
  parentBeaconBlockRoot: () => root,
  withdrawals: ({ number }: { number: bigint }) => [
    {
      index: number,
      validatorIndex: 3n,
      address: "0x00000000000000000000000000000000000000cc" as const,
      amountGwei: number,
    },
  ],
};

/** What goes into the blocks, one entry each. */
const workloads: readonly (readonly [name: string, make: (wallets: Wallets) => Uint8Array[]])[] = [
  ["no transactions", () => []],
  ["transfers", (wallets) => transfers(wallets, 20)],
  ["older types", olderTypes],
  ["contracts", (wallets) => contracts(wallets)],
  ["precompiles", (wallets) => precompileCalls(wallets)],
  ["self-destructs", (wallets) => selfDestructs(wallets)],
  ["delegations", (wallets) => delegations(wallets)],
  ["requests to consensus", (wallets) => consensusRequests(wallets)],
  ["random programs", (wallets) => randomPrograms(wallets, new SeededRandom("programs"), 50)],
  ["a full block", (wallets) => Array.from({ length: 70 }, () => transfers(wallets, 20)).flat()],
];

/** More by KOINON_FUZZ_BLOCKS. */
const fuzzBlocks = Number(process.env.KOINON_FUZZ_BLOCKS ?? 5);

describeWithGeth("geth agrees block by block", () => {
  let node: GethNode;
  let ours: ChainFixture;

  describe("with what we build", () => {
    const wallets = new Wallets();
    beforeAll(async () => {
      [node, ours] = await Promise.all([startGeth(gethFile, genesis), startChainFixture({ genesis, commitments })]);
    });
    afterAll(async () => {
      await node.stop();
      await ours.close();
    });

    test("both begin with the same block", async () => {
      expect(await node.engine.head(never)).toEqual(await ours.chain.engine.head());
    });

    /** Has geth check and adopt what we propose with these transactions. */
    async function proposeToBoth(raws: readonly Uint8Array[]): Promise<ProposedPayload> {
      await ours.submitRaw(raws);
      const head = await ours.propose();
      const proposed = ours.proposed();
      expect(await node.engine.newPayload(proposed, never)).toMatchObject({
        status: "VALID",
        latestValidHash: head.hash,
      });
      const choice = { headBlockHash: head.hash, safeBlockHash: head.hash, finalizedBlockHash: head.hash };
      const { payloadStatus } = await node.engine.forkchoiceUpdated(choice, undefined, never);
      expect(payloadStatus.status).toBe("VALID");
      if (raws.length > 0) expect(proposed.payload.transactions.length).toBeGreaterThan(0);
      return proposed;
    }

    test.each(workloads)("%s", async (name, make) => {
      const proposed = await proposeToBoth(make(wallets));
      if (name === "requests to consensus") expect(proposed.requests?.map(([type]) => type)).toEqual([0, 1, 2]);
    });

    test(
      `${fuzzBlocks} blocks of other random programs`,
      async () => {
        for (let block = 0; block < fuzzBlocks; block++) {
          try {
            await proposeToBoth(randomPrograms(wallets, new SeededRandom(`programs ${block}`), 55));
          } catch (error) {
            throw new Error(`seed "programs ${block}"`, { cause: error });
          }
        }
      },
      fuzzBlocks * 5_000,
    );

    test("both refuse what is wrong", async () => {
      await ours.submitRaw(contracts(wallets));
      const parent = await ours.chain.engine.head();
      const good = await buildOnly(ours);
      const { payload } = good;
      const wrong: Partial<ExecutionPayload>[] = [
        { stateRoot: root },
        { receiptsRoot: root },
        { gasUsed: payload.gasUsed + 1n },
        { logsBloom: new Uint8Array(256) },
        { gasLimit: payload.gasLimit + payload.gasLimit / 1024n },
        { baseFeePerGas: payload.baseFeePerGas + 1n },
        { timestamp: parent.timestamp },
        { transactions: payload.transactions.slice(1) },
        { withdrawals: [] },
        { extraData: new Uint8Array(33) },
        { blobGasUsed: 131_072n },
      ];
      for (const change of wrong) {
        const proposed = withHash({ ...good, payload: { ...payload, ...change } });
        const [name] = Object.keys(change);
        const theirs = (await node.engine.newPayload(proposed, never)).status;
        const own = await ours.chain.engine.newPayload(proposed, never);
        expect([name, theirs, own.status]).toEqual([name, "INVALID", "INVALID"]);
      }
      expect((await ours.chain.engine.newPayload(good, never)).status).toBe("VALID");
    });
  });

  describe("with what it builds", () => {
    const wallets = new Wallets();
    beforeAll(async () => {
      [node, ours] = await Promise.all([startGeth(gethFile, genesis), startChainFixture({ genesis })]);
    });
    afterAll(async () => {
      await node.stop();
      await ours.close();
    });

    test.each(workloads)("%s", async (_name, make) => {
      const raws = make(wallets);
      if (raws.length > 0) await node.submit(raws);
      const built = await waitFor(() => buildAtGeth(node, raws.length), { intervalMs: 50, what: "geth fills a block" });
      const status = await ours.chain.engine.newPayload(built, never);
      expect(status).toMatchObject({ status: "VALID", latestValidHash: built.payload.blockHash });
      const head = built.payload.blockHash;
      const next = { headBlockHash: head, safeBlockHash: head, finalizedBlockHash: head };
      await node.engine.newPayload(built, never);
      expect((await node.engine.forkchoiceUpdated(next, undefined, never)).payloadStatus.status).toBe("VALID");
      expect((await ours.chain.engine.forkchoiceUpdated(next, undefined)).payloadStatus.status).toBe("VALID");
      expect(ours.chain.view.reader.head().header.stateRoot).toBe(built.payload.stateRoot);
    });
  });
});

/** Has geth build a block; undefined when it was asked before it had filled it. */
async function buildAtGeth({ engine }: GethNode, transactions: number): Promise<ProposedPayload | undefined> {
  const parent = await engine.head(never);
  const choice = { headBlockHash: parent.hash, safeBlockHash: parent.hash, finalizedBlockHash: parent.hash };
  // Asking for a payload ends its building, so each attempt has to be another order.
  const prevRandao = `0x${(++attempts).toString(16).padStart(64, "0")}` as const;
  const attributes = {
    timestamp: parent.timestamp + 12n,
    prevRandao,
    suggestedFeeRecipient: "0x00000000000000000000000000000000000000fe" as const,
    withdrawals: commitments.withdrawals(parent),
    parentBeaconBlockRoot: root,
  };
  const { payloadId } = await engine.forkchoiceUpdated(choice, attributes, never);
  await delay(Math.min(attempts * 10, 500));
  const built = await engine.getPayload(payloadId ?? "0x", never);
  return transactions > 0 && built.payload.transactions.length === 0 ? undefined : built;
}

let attempts = 0;

async function buildOnly({ chain }: ChainFixture): Promise<ProposedPayload> {
  const { hash, timestamp } = await chain.engine.head();
  const choice = { headBlockHash: hash, safeBlockHash: hash, finalizedBlockHash: hash };
  const attributes = {
    timestamp: timestamp + 1n,
    prevRandao: root,
    suggestedFeeRecipient: "0x00000000000000000000000000000000000000fe" as const,
    withdrawals: [
      { index: 0n, validatorIndex: 0n, address: "0x00000000000000000000000000000000000000cc" as const, amountGwei: 1n },
    ],
    parentBeaconBlockRoot: root,
  };
  const { payloadId } = await chain.engine.forkchoiceUpdated(choice, attributes);
  return await chain.engine.getPayload(payloadId ?? "0x");
}

/** The payload with the hash that its fields have. */
function withHash(proposed: ProposedPayload): ProposedPayload {
  return { ...proposed, payload: { ...proposed.payload, blockHash: blockHash(payloadHeader(proposed)) } };
}
