import { describe, expect, test } from "@jest/globals";
import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";
import { waitFor } from "@koinon/testkit/wait-for";
import type { BuiltPayload, EngineHead, ExecutionEngine } from "../../src/engine/execution-engine.ts";
import { noCommitments, SoloProposer } from "../../src/proposer/solo-proposer.ts";

const genesis: EngineHead = { hash: hashOf(0n), number: 0n, timestamp: 1n };
const feeRecipient: Address = `0x${"00".repeat(20)}`;
const intervalMs = 1_000;

function hashOf(number: bigint): Hex {
  return `0x${number.toString(16).padStart(64, "0")}`;
}

/** An engine whose disk is as slow as a test wants, and whose pool holds what a test says. */
class SlowDisk implements ExecutionEngine {
  waiting = 0;
  nowMs = 1_000_000;
  /** How often the proposer asked for the time. */
  looks = 0;
  /** Transactions of each block that was built, and how many blocks are on disk. */
  readonly built: number[] = [];
  onDisk = 0n;
  ordered = 0;
  private adopted = 0n;
  private readonly writes = new Map<bigint, PromiseWithResolvers<void>>();

  now(): number {
    this.looks++;
    return this.nowMs;
  }

  async head(): Promise<EngineHead> {
    return genesis;
  }

  async newPayload({ payload }: BuiltPayload) {
    return { status: "VALID", latestValidHash: payload.blockHash, validationError: undefined } as const;
  }

  async forkchoiceUpdated(...[state, attributes]: Parameters<ExecutionEngine["forkchoiceUpdated"]>) {
    const number = BigInt(state.headBlockHash);
    if (number > this.adopted) {
      this.adopted = number;
      this.waiting -= this.built[Number(number) - 1] ?? 0;
      this.writes.set(number, Promise.withResolvers<void>());
    }
    if (attributes !== undefined) this.ordered++;
    const payloadId = attributes === undefined ? undefined : hashOf(number + 1n);
    await this.writes.get(number)?.promise;
    const payloadStatus = {
      status: "VALID",
      latestValidHash: state.headBlockHash,
      validationError: undefined,
    } as const;
    return { payloadStatus, payloadId };
  }

  async getPayload(payloadId: Hex): Promise<BuiltPayload> {
    const number = BigInt(payloadId);
    this.built.push(this.waiting);
    const payload = {
      ...{ blockHash: payloadId, parentHash: hashOf(number - 1n), blockNumber: number, timestamp: number + 1n },
      ...{ transactions: new Array<Uint8Array>(this.waiting).fill(new Uint8Array()), withdrawals: [] },
      ...{ feeRecipient, stateRoot: hashOf(0n), receiptsRoot: hashOf(0n) },
      ...{ logsBloom: new Uint8Array(256), prevRandao: hashOf(0n), gasLimit: 1n, gasUsed: 0n },
      ...{ extraData: new Uint8Array(), baseFeePerGas: 1n, blobGasUsed: 0n, excessBlobGas: 0n },
    } as const;
    return {
      payload,
      blobVersionedHashes: [],
      parentBeaconBlockRoot: hashOf(0n),
      requests: undefined,
      blockValue: 0n,
    };
  }

  /** True when a block is adopted and not on disk. */
  isWriting(number: bigint): boolean {
    return this.writes.has(number) && this.onDisk < number;
  }

  write(number: bigint): void {
    this.onDisk = number;
    this.writes.get(number)?.resolve();
  }
}

interface Running {
  readonly engine: SlowDisk;
  /** Puts transactions into the pool. */
  send(count: number): void;
}

async function withProposer(action: (running: Running) => Promise<void>): Promise<void> {
  const engine = new SlowDisk();
  const stopping = new AbortController();
  let arrived = Promise.withResolvers<void>();
  const proposer = new SoloProposer(
    { intervalMs, emptyBlocks: false, feeRecipient, buildMs: 0 },
    {
      engine,
      clock: engine,
      random: { bytes: (count) => new Uint8Array(count) },
      commitments: noCommitments,
      itemsWaiting: () => engine.waiting,
      itemsWait: async (signal) => {
        const aborted = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
        while (engine.waiting === 0 && !signal.aborted) await Promise.race([arrived.promise, aborted]);
      },
    },
  );
  const send = (count: number): void => {
    engine.waiting += count;
    arrived.resolve();
    arrived = Promise.withResolvers();
  };
  const running = proposer.run(stopping.signal);
  try {
    await action({ engine, send });
  } finally {
    stopping.abort();
    engine.write(BigInt(engine.built.length));
    await running;
  }
}

const deadline = { deadlineMs: 5_000, intervalMs: 5 };

async function until(isSo: () => boolean, what: string): Promise<void> {
  await waitFor(async () => (isSo() ? true : undefined), { ...deadline, what });
}

async function severalLooks(engine: SlowDisk): Promise<void> {
  const before = engine.looks;
  await until(() => engine.looks > before + 3, "the proposer looks at the clock again");
}

describe("a solo proposer whose disk is slower than its interval", () => {
  test("begins the next block when it is due, one interval behind the order before and not behind the disk", async () => {
    await withProposer(async ({ engine, send }) => {
      send(10);
      await until(() => engine.isWriting(1n), "the first block is adopted");
      send(5);
      engine.nowMs += intervalMs - 1;
      await severalLooks(engine);
      expect(engine.ordered).toBe(1);
      engine.nowMs += 1;
      await until(() => engine.ordered === 2, "the next block is ordered");
      expect(engine.onDisk).toBe(0n);
      // It is taken when the one before is on disk, with what came until then.
      send(2);
      expect(engine.built).toEqual([10]);
      engine.write(1n);
      await until(() => engine.isWriting(2n), "the second block is adopted");
      expect(engine.built).toEqual([10, 7]);
    });
  });

  test("waits with a block that would be less than half of the one on its way to disk", async () => {
    await withProposer(async ({ engine, send }) => {
      send(10);
      await until(() => engine.isWriting(1n), "the first block is adopted");
      engine.nowMs += intervalMs;
      send(4);
      await severalLooks(engine);
      expect(engine.ordered).toBe(1);
      engine.write(1n);
      await until(() => engine.isWriting(2n), "the second block is adopted");
      expect(engine.built).toEqual([10, 4]);
    });
  });

  test("makes no block of nothing", async () => {
    await withProposer(async ({ engine, send }) => {
      send(1);
      await until(() => engine.isWriting(1n), "the first block is adopted");
      engine.nowMs += 10 * intervalMs;
      engine.write(1n);
      send(1);
      await until(() => engine.isWriting(2n), "the second block is adopted");
      expect(engine.built).toEqual([1, 1]);
    });
  });
});
