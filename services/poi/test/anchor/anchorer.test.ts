import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { SampleProvider } from "@koinon/contributions/sample-work";
import { encodeTransaction } from "@koinon/ethereum/transaction-encode";
import { signTransaction } from "@koinon/ethereum/transaction-signing";
import { freePort } from "@koinon/machine/free-port";
import { bytesToHex, type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import { CheckpointRegistry, registryTransactions } from "@koinon/solidity/checkpoint-registry";
import { startTestPostgres, type TestPostgres } from "@koinon/testkit/postgres";
import { waitFor } from "@koinon/testkit/wait-for";
import { anchorAbove, loadSubmission, newestAnchor } from "../../src/store/anchor-store.ts";
import { checkpointOfSize, pruneCheckpoints } from "../../src/store/checkpoint-store.ts";
import { openTestCheckpoint } from "../log-checks.ts";
import { PoiFixture } from "../poi-fixture.ts";
import { AnchorerFixture } from "./anchorer-fixture.ts";
import { Anvil, describeWithAnvil } from "./anvil.ts";

describeWithAnvil("anchorer", (program) => {
  let anvil: Anvil;
  let postgres: TestPostgres;
  let log: PoiFixture;
  let fixture: AnchorerFixture;
  /** Published sizes, ascending. */
  const sizes: bigint[] = [];
  let label = 0;

  beforeAll(async () => {
    [anvil, postgres] = await Promise.all([Anvil.start(program), startTestPostgres()]);
    log = await PoiFixture.open(postgres);
    const running = await log.start();
    const provider = new SampleProvider("a");
    for (let round = 0; round < 3; round++) {
      const works = Array.from({ length: 5 }, () => provider.serve());
      await log.publish(works);
      const receiptId = hexToBytes(works.at(-1)?.id ?? "0x");
      await running.log.getInclusionProof({ receiptId, waitMs: 9_000, anchor: undefined });
      sizes.push(openTestCheckpoint((await running.log.getCheckpoint({})).note).size);
    }
    await running.stop();
  });
  afterAll(async () => {
    await log.close();
    await Promise.all([anvil.stop(), postgres.stop()]);
  });
  beforeEach(async () => {
    label += 1;
    fixture = await AnchorerFixture.open(anvil, log.database, label);
    fixture.publishedSize = sizes[0] as bigint;
  });
  afterEach(async () => {
    await anvil.control("evm_setAutomine", true);
    await fixture.close();
  });

  const place = () => ({ chainId: 31_338n, registry: fixture.registry });
  const newest = () => newestAnchor(log.database, place());
  const head = async (): Promise<bigint> => (await anvil.chain.block("latest", fixture.signal))?.number ?? 0n;
  const submission = () => loadSubmission(log.database, place());
  const registry = () =>
    new CheckpointRegistry(
      { address: fixture.registry },
      { call: (request) => anvil.chain.call(request, fixture.signal) },
    );
  const rootOf = async (size: bigint): Promise<Hex> =>
    bytesToHex((await checkpointOfSize(log.database, size))?.root ?? new Uint8Array(0));
  const anchorCall = async (size: bigint, root?: Hex) =>
    registryTransactions.anchor(fixture.origin, { size, root: root ?? (await rootOf(size)), epoch: 1n });

  test("registers the origin, anchors what is published, and the next when it is larger", async () => {
    const anchorer = fixture.anchorer();
    expect(await fixture.run(anchorer)).toEqual(["waiting", "again", "waiting", "idle"]);
    const [size, , last] = sizes as [bigint, bigint, bigint];
    expect(await newest()).toMatchObject({ size });
    expect(anchorer.anchoredSize).toBe(size);
    const anchored = await registry().latest(fixture.origin);
    const day = BigInt(Math.floor(Date.now() / 86_400_000));
    expect(anchored).toMatchObject({ size, root: await rootOf(size), submitter: fixture.signer.address });
    expect([day, day - 1n]).toContain(anchored?.epoch);
    expect(await fixture.run(anchorer)).toEqual(["idle"]);

    fixture.publishedSize = last;
    expect(await fixture.run(anchorer)).toEqual(["waiting", "idle"]);
    expect(await newest()).toMatchObject({ size: last });
    expect(fixture.outcomes).toEqual(["anchored", "anchored"]);
    expect(await submission()).toBeUndefined();
    // A receipt of the first entries is proved by either, one in between by the last alone.
    const above = (index: bigint) => anchorAbove(log.database, place(), { index, blocks: [] });
    expect([(await above(0n))?.size, (await above(size))?.size, await above(last)]).toEqual([last, last, undefined]);
    fixture.publishedSize = size;
    expect(await fixture.run(anchorer)).toEqual(["idle"]);
  });

  test("goes on where a process ended: before sending, and after", async () => {
    await fixture.run(fixture.anchorer());
    fixture.publishedSize = sizes[1] as bigint;
    await anvil.control("evm_setAutomine", false);
    const dying = fixture.anchorer();
    await dying.step(fixture.signal);
    const [raw] = (await submission())?.transactions ?? [];
    // As if it had never been sent.
    await anvil.control("anvil_dropAllTransactions");
    expect(await fixture.anchorer().step(fixture.signal)).toBe("waiting");
    await anvil.control("anvil_mine");
    expect(await fixture.run(fixture.anchorer())).toEqual(["idle"]);
    expect([raw instanceof Uint8Array, (await newest())?.size]).toEqual([true, sizes[1]]);
  });

  test("pays more for a transaction that no block takes, up to the limit", async () => {
    await fixture.run(fixture.anchorer());
    fixture.publishedSize = sizes[1] as bigint;
    await anvil.control("evm_setAutomine", false);
    const anchorer = fixture.anchorer();
    expect(await anchorer.step(fixture.signal)).toBe("waiting");
    expect(await anchorer.step(fixture.signal)).toBe("waiting");
    fixture.clock.atMs += 60_000;
    expect(await anchorer.step(fixture.signal)).toBe("waiting");
    expect((await submission())?.transactions).toHaveLength(2);
    expect(fixture.outcomes).toEqual(["anchored", "raised"]);
    fixture.clock.atMs += 60_000;
    const poor = fixture.anchorer({ feeMax: 2_000_000_000n });
    await expect(poor.step(fixture.signal)).rejects.toThrow("ANCHOR_STUCK");
    await anvil.control("anvil_mine");
    expect(await fixture.run(anchorer)).toEqual(["idle"]);
    expect(await newest()).toMatchObject({ size: sizes[1] });
  });

  test("anchors nothing while the chain asks for more than is allowed", async () => {
    const anchorer = fixture.anchorer({ feeMax: 1n });
    await expect(anchorer.step(fixture.signal)).rejects.toThrow("ANCHOR_FEE_TOO_HIGH");
    expect(await submission()).toBeUndefined();
  });

  test("a nonce that another transaction took is given up, and the next one used", async () => {
    await fixture.run(fixture.anchorer());
    fixture.publishedSize = sizes[1] as bigint;
    await anvil.control("evm_setAutomine", false);
    const anchorer = fixture.anchorer();
    await anchorer.step(fixture.signal);
    const nonce = (await submission())?.nonce ?? 0n;
    await anvil.control("anvil_dropAllTransactions");
    const fees = { maxFeePerGas: 50_000_000_000n, maxPriorityFeePerGas: 50_000_000_000n };
    const other = {
      type: 2,
      chainId: 31_338n,
      nonce,
      gasLimit: 21_000n,
      to: fixture.stranger,
      value: 0n,
      ...fees,
    } as const;
    const raw = encodeTransaction(
      signTransaction({ ...other, data: new Uint8Array(0), accessList: [] }, fixture.signer),
    );
    await anvil.chain.send(raw, fixture.signal);
    await anvil.control("anvil_mine");
    await anvil.control("evm_setAutomine", true);
    // The receipt of ours may only be late.
    expect(await anchorer.step(fixture.signal)).toBe("waiting");
    fixture.clock.atMs += 60_000;
    expect(await fixture.run(anchorer)).toEqual(["again", "waiting", "idle"]);
    expect(fixture.outcomes).toEqual(["anchored", "replaced", "anchored"]);
  });

  test("a revert is told, and tried again", async () => {
    await fixture.registerAsStranger();
    const anchorer = fixture.anchorer();
    await anvil.control("evm_setAutomine", false);
    expect(await anchorer.step(fixture.signal)).toBe("waiting");
    const allow = (authorised: boolean) =>
      registryTransactions.setSubmitter(fixture.origin, fixture.signer.address, authorised);
    const tip = { maxFeePerGas: "0x174876e800", maxPriorityFeePerGas: "0x174876e800" };
    await anvil.submit(fixture.stranger, fixture.registry, allow(false), tip);
    await anvil.control("anvil_mine");
    await anvil.control("evm_setAutomine", true);
    await expect(anchorer.step(fixture.signal)).rejects.toThrow("ANCHOR_REVERTED");
    // The node says beforehand that it would revert again: nothing is paid for it.
    await expect(anchorer.step(fixture.signal)).rejects.toThrow("CHAIN_REFUSED");
    expect([await submission(), fixture.outcomes]).toEqual([undefined, ["reverted"]]);
    await anvil.send(fixture.stranger, fixture.registry, allow(true));
    expect(await fixture.run(anchorer)).toEqual(["waiting", "idle"]);
  });

  test("a registry with another root of this log, or a longer log, is left alone", async () => {
    await fixture.registerAsStranger();
    const [size, larger] = sizes as [bigint, bigint];
    const anchorer = fixture.anchorer();
    await anvil.send(fixture.stranger, fixture.registry, await anchorCall(size - 1n, `0x${"66".repeat(32)}`));
    await expect(anchorer.step(fixture.signal)).rejects.toThrow("ANCHOR_CONFLICT");
    await anvil.send(fixture.stranger, fixture.registry, await anchorCall(larger));
    await expect(anchorer.step(fixture.signal)).rejects.toThrow("ANCHOR_CONFLICT");
    expect([await submission(), await newest(), fixture.outcomes]).toEqual([undefined, undefined, []]);
  });

  test("what somebody else anchored of this log is taken over, also when it is larger than what is to be anchored", async () => {
    await fixture.registerAsStranger();
    const [size, larger] = sizes as [bigint, bigint];
    await anvil.send(fixture.stranger, fixture.registry, await anchorCall(size));
    expect(await fixture.run(fixture.anchorer())).toEqual(["idle"]);
    expect(await newest()).toMatchObject({ size });
    await anvil.send(fixture.stranger, fixture.registry, await anchorCall(larger));
    fixture.publishedSize = larger;
    expect(await fixture.run(fixture.anchorer())).toEqual(["idle"]);
    expect(await newest()).toMatchObject({ size: larger });
  });

  test("waits for confirmations", async () => {
    const anchorer = fixture.anchorer({ confirmations: 2n });
    const registered = (await head()) + 1n;
    expect(await fixture.run(anchorer, 1)).toEqual(["waiting"]);
    await waitFor(async () => (await head()) === registered);
    expect(await fixture.run(anchorer, 3)).toEqual(["waiting", "waiting", "waiting"]);
    await anvil.control("anvil_mine", "0x2");
    expect(await fixture.run(anchorer, 2)).toEqual(["again", "waiting"]);
    await waitFor(async () => (await head()) === registered + 3n);
    expect(await fixture.run(anchorer, 1)).toEqual(["waiting"]);
    expect(await newest()).toBeUndefined();
    await anvil.control("anvil_mine", "0x2");
    expect(await fixture.run(anchorer)).toEqual(["idle"]);
    expect(await newest()).toMatchObject({ size: sizes[0] });
    // So does what somebody else anchored.
    await log.database.execute("DELETE FROM anchors");
    expect(await fixture.run(fixture.anchorer({ confirmations: await head() }), 1)).toEqual(["waiting"]);
    expect(await fixture.run(fixture.anchorer({ confirmations: 1n }))).toEqual(["idle"]);
    expect(await newest()).toMatchObject({ size: sizes[0] });
  });

  test("a process that comes back after days proves the anchor in the state that is there then", async () => {
    const anchorer = fixture.anchorer();
    // The origin is registered, then the checkpoint is on its way.
    while ((await anchorer.step(fixture.signal)) !== "again");
    const sent = await head();
    expect(await anchorer.step(fixture.signal)).toBe("waiting");
    await waitFor(async () => (await head()) === sent + 1n);
    await anvil.control("anvil_mine", "0x3");
    expect(await fixture.run(fixture.anchorer())).toEqual(["idle"]);
    expect(await newest()).toMatchObject({ size: sizes[0], blockNumber: sent + 4n });
  });

  test("an anchor that a reorganisation took back is made again", async () => {
    const before = await anvil.control("evm_snapshot");
    const anchorer = fixture.anchorer();
    await fixture.run(anchorer);
    const lost = await newest();
    await anvil.control("evm_revert", before);
    // A node that is behind knows nothing of the block, and that is no reason to forget it.
    expect(await fixture.run(anchorer)).toEqual(["idle"]);
    await anvil.control("anvil_mine", "0x5");
    expect(await fixture.run(anchorer)).toEqual(["again", "waiting", "again", "waiting", "idle"]);
    expect(fixture.outcomes).toEqual(["anchored", "reorganised", "anchored"]);
    expect((await newest())?.blockHash).not.toBe(lost?.blockHash);
  });

  test("a node that can not be reached, or is of another chain, is told", async () => {
    const nobody = fixture.anchorer({ url: `http://127.0.0.1:${await freePort()}` });
    await expect(nobody.step(fixture.signal)).rejects.toThrow("CHAIN_UNREACHABLE");
    await expect(fixture.anchorer({ chainId: 1n }).step(fixture.signal)).rejects.toThrow("CHAIN_MISMATCH");
    const nowhere = fixture.anchorer({ registry: `0x${"77".repeat(20)}` });
    await expect(nowhere.step(fixture.signal)).rejects.toThrow("REPLY_MALFORMED");
  });

  test("two processes at once do the work of one", async () => {
    const pair = [fixture.anchorer(), fixture.anchorer()];
    await waitFor(async () => {
      await Promise.allSettled(pair.map((anchorer) => anchorer.step(fixture.signal)));
      return await newest();
    });
    expect(await newest()).toMatchObject({ size: sizes[0] });
    expect(await submission()).toBeUndefined();
    expect(await fixture.run(fixture.anchorer())).toEqual(["idle"]);
  });

  // The last one: it takes checkpoints away.
  test("pruning keeps the checkpoint that is under way", async () => {
    const [, between] = sizes as [bigint, bigint];
    await log.database.execute("DELETE FROM anchors");
    await fixture.registerAsStranger();
    await anvil.control("evm_setAutomine", false);
    fixture.publishedSize = between;
    expect(await fixture.anchorer().step(fixture.signal)).toBe("waiting");
    expect(await pruneCheckpoints(log.database, 0)).toBeGreaterThan(0);
    await anvil.control("anvil_mine");
    expect(await fixture.run(fixture.anchorer())).toEqual(["idle"]);
    expect(await pruneCheckpoints(log.database, 0)).toBe(0);
    expect(await newest()).toMatchObject({ size: between });
  });
});
