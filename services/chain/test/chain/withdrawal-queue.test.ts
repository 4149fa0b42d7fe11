import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";
import { noCommitments } from "../../src/proposer/solo-proposer.ts";
import { WithdrawalQueue } from "../../src/withdrawals/withdrawal-queue.ts";
import { type ChainFixture, manualProposer, never, startChainFixture } from "./chain-fixture.ts";

const gwei = 1_000_000_000n;
const somebody: Address = `0x${"c1".repeat(20)}`;
const request = (requestId: string, amountGwei = 5n, address = somebody) => ({ requestId, address, amountGwei });

let fixture: ChainFixture;
beforeEach(async () => {
  fixture = await startChainFixture();
});
afterEach(() => fixture.close());

const queue = () => fixture.chain.withdrawals;
const head = async () => fixture.chain.engine.head();
/** A proposer over the chain that is open now. */
const proposer = () =>
  manualProposer(fixture.chain.engine, {
    commitments: { ...noCommitments, withdrawals: ({ hash }) => queue().after(hash) },
  });
const propose = async () => proposer().propose(await head(), never);
const balance = () => fixture.chain.store.state.at(fixture.chain.store.head().hash).account(somebody)?.balance ?? 0n;

describe("queued withdrawals", () => {
  test("are credited by the next block, and told with it", async () => {
    const { withdrawal, block } = await queue().queue(request("a", 7n));
    expect([withdrawal.index, block, queue().waitingCount]).toEqual([0n, undefined, 1]);
    const { hash } = await propose();
    expect(balance()).toBe(7n * gwei);
    expect(queue().find("a")?.block?.hash).toBe(hash);
    expect(queue().waitingCount).toBe(0);
    await propose();
    expect(balance()).toBe(7n * gwei);
  });

  test("are queued once under a request id, before and behind their block, also after a restart", async () => {
    const [first, second] = await Promise.all([queue().queue(request("a")), queue().queue(request("a"))]);
    expect(second.withdrawal).toEqual(first.withdrawal);
    fixture = await fixture.reopen();
    expect((await queue().queue(request("a"))).withdrawal).toEqual(first.withdrawal);
    const { hash } = await propose();
    expect((await queue().queue(request("a"))).block?.hash).toBe(hash);
    fixture = await fixture.reopen();
    expect((await queue().queue(request("a"))).block?.hash).toBe(hash);
    await propose();
    expect(balance()).toBe(5n * gwei);
    for (const other of [request("a", 6n), request("a", 5n, `0x${"c2".repeat(20)}`)])
      await expect(queue().queue(other)).rejects.toMatchObject({ code: "WITHDRAWAL_MISMATCH" });
  });

  test("go into blocks in order, sixteen at most each", async () => {
    const requests = Array.from({ length: 40 }, (_, index) => request(`r${index}`, BigInt(index) + 1n));
    await Promise.all(requests.map((each) => queue().queue(each)));
    const counts: number[] = [];
    for (let round = 0; round < 4; round++) {
      const { number } = await propose();
      counts.push(fixture.chain.view.reader.block(number)?.withdrawals.length ?? -1);
    }
    expect(counts).toEqual([16, 16, 8, 0]);
    expect(balance()).toBe(820n * gwei);
  });

  test("go on behind a block that is built and not adopted yet", async () => {
    await queue().queue(request("a"));
    const { engine } = fixture.chain;
    const order = async (parent: Awaited<ReturnType<typeof head>>) => {
      const choice = { headBlockHash: parent.hash, safeBlockHash: parent.hash, finalizedBlockHash: parent.hash };
      const attributes = {
        ...{ timestamp: parent.timestamp + 1n, prevRandao: `0x${"00".repeat(32)}` as const },
        ...{ suggestedFeeRecipient: somebody, parentBeaconBlockRoot: `0x${"00".repeat(32)}` as const },
        withdrawals: queue().after(parent.hash),
      };
      const { payloadId } = await engine.forkchoiceUpdated(choice, attributes);
      const built = await engine.getPayload(payloadId ?? "0x");
      await engine.newPayload(built, never);
      return built.payload;
    };
    const first = await order(await head());
    expect(first.withdrawals.map(({ index }) => index)).toEqual([0n]);
    await queue().queue(request("b"));
    // Not adopted: the chain's head has none of them, the block on it has one.
    expect(queue().waitingCount).toBe(2);
    expect(
      queue()
        .after(first.parentHash)
        .map(({ index }) => index),
    ).toEqual([0n, 1n]);
    expect(
      queue()
        .after(first.blockHash)
        .map(({ index }) => index),
    ).toEqual([1n]);
    // Another block in its place has to credit it again, and does.
    const second = await order(await head());
    expect(second.withdrawals.map(({ index }) => index)).toEqual([0n, 1n]);
  });

  test("of a block that is undone are credited by another", async () => {
    await queue().queue(request("a"));
    const { hash } = await propose();
    await queue().queue(request("b"));
    const elsewhere = await startChainFixture();
    const rival = await elsewhere.propose();
    await fixture.chain.engine.newPayload(elsewhere.proposed(), never);
    await elsewhere.close();
    const choice = { headBlockHash: rival.hash, safeBlockHash: rival.hash, finalizedBlockHash: rival.hash };
    await fixture.chain.engine.forkchoiceUpdated(choice, undefined);
    expect([rival.hash === hash, balance(), queue().find("a")?.block]).toEqual([false, 0n, undefined]);
    await propose();
    expect(balance()).toBe(10n * gwei);
  });

  test("are bounded, and so is what is remembered of them", async () => {
    const { store, engine } = fixture.chain;
    const small = new WithdrawalQueue(
      { waitingMax: 2, rememberedMax: 3n },
      { store, head: () => store.head().hash, block: () => undefined },
    );
    const commitments = { ...noCommitments, withdrawals: ({ hash }: { hash: Hex }) => small.after(hash) };
    const next = async () => manualProposer(engine, { commitments }).propose(await head(), never);
    await small.queue(request("r0"));
    await small.queue(request("r1"));
    await expect(small.queue(request("r2"))).rejects.toMatchObject({ code: "WITHDRAWAL_QUEUE_FULL" });
    expect((await small.queue(request("r1"))).withdrawal.index).toBe(1n);
    await next();
    for (const requestId of ["r2", "r3"]) await small.queue(request(requestId));
    expect([small.find("r0"), small.find("r1")?.withdrawal.index]).toEqual([undefined, 1n]);
    await next();
    expect(balance()).toBe(20n * gwei);
  });
});
