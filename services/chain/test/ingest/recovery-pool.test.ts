import { setEnvironmentData } from "node:worker_threads";
import { afterEach, describe, expect, test } from "@jest/globals";
import type { Authorization } from "@koinon/ethereum/transaction";
import { encodeTransaction } from "@koinon/ethereum/transaction-encode";
import { signAuthorization, signTransaction, transactionHash } from "@koinon/ethereum/transaction-signing";
import type { Address } from "@koinon/secp256k1/address";
import { hexToBytes } from "@koinon/secp256k1/hex";
import { waitFor } from "@koinon/testkit/wait-for";
import { AuthorityMemory } from "../../src/ingest/authority-memory.ts";
import { isRefused } from "../../src/ingest/recovered.ts";
import { RecoveryPool, type RecoveryPoolOptions } from "../../src/ingest/recovery-pool.ts";
import { signedTransfers, signerOf, transfer } from "../sample-transactions.ts";

const never = new AbortController().signal;
const options: RecoveryPoolOptions = {
  workers: 1,
  transactionBytesMax: 1_000,
  transactionsMax: 10_000,
  bytesMax: 10_000_000,
  waitersMax: 10,
};
const crashingWorkerUrl = new URL("../fixtures/crashing-worker-main.ts", import.meta.url);

const authorities: [Authorization, Address | undefined][] = [];
const pools: RecoveryPool[] = [];
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
});

function createPool(changes: Partial<RecoveryPoolOptions>, losses: boolean[] = []): RecoveryPool {
  const pool = new RecoveryPool(
    { ...options, ...changes },
    {
      workerLost: (_cause, replaced) => losses.push(replaced),
      rememberAuthority: (authorization, authority) => authorities.push([authorization, authority]),
    },
  );
  pools.push(pool);
  return pool;
}

function crashTimes(count: number): void {
  const crashes = new Int32Array(new SharedArrayBuffer(4));
  crashes[0] = count;
  setEnvironmentData("crashes", crashes);
}

const { raws, senders } = signedTransfers(700);

describe.each([0, 1, 2])("with %d workers", (workers) => {
  test("every transaction comes back with hash and sender, in order", async () => {
    const pool = createPool({ workers });
    const outcomes = await pool.recover(raws, never);
    expect(outcomes).toEqual(
      raws.map((raw, index) => ({
        raw: new Uint8Array(raw),
        hash: transactionHash(raw),
        sender: senders[index],
      })),
    );
    expect(pool.occupancy()).toEqual({ transactions: 0, bytes: 0, waiting: 0 });
  });

  test("submissions of any size that run together get their own outcomes", async () => {
    const pool = createPool({ workers });
    const cuts = [0, 1, 2, 3, 4, 5, 40, 41, 341, 342, 343, 700];
    const slices = cuts.slice(1).map((end, index) => [cuts[index] ?? 0, end] as const);
    const outcomes = await Promise.all(slices.map(([start, end]) => pool.recover(raws.slice(start, end), never)));
    const found = outcomes.flat().map((outcome) => (isRefused(outcome) ? outcome.fault.code : outcome.sender));
    expect(found).toEqual(senders);
  });

  test("bad bytes are refused with their reason and do not touch their neighbours", async () => {
    const pool = createPool({ workers });
    const signed = signTransaction(transfer(0), signerOf(0));
    const { signature } = signed;
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const cases: [Uint8Array, unknown][] = [
      [new Uint8Array(0), { code: "TRANSACTION_EMPTY" }],
      [hexToBytes("0x03f8"), { code: "BLOB_TRANSACTION_UNSUPPORTED" }],
      [hexToBytes("0x05c0"), { code: "TRANSACTION_TYPE_UNSUPPORTED", type: 5 }],
      [hexToBytes("0xc0"), { code: "RLP_TRUNCATED", offset: 1 }],
      [new Uint8Array(1_001).fill(0xff), { code: "TRANSACTION_TOO_LARGE", length: 1_001, limit: 1_000 }],
      [
        encodeTransaction({ ...signed, signature: { ...signature, s: order - signature.s } }),
        { code: "TRANSACTION_SIGNATURE_INVALID", reason: "high-s" },
      ],
      [
        encodeTransaction({ ...signed, signature: { ...signature, r: 0n } }),
        { code: "TRANSACTION_SIGNATURE_INVALID", reason: "no-such-point" },
      ],
    ];
    const mixed = cases.flatMap(([bad], index) => [bad, raws[index] as Uint8Array]);
    const outcomes = await pool.recover(mixed, never);
    expect(outcomes.filter(isRefused).map(({ fault }) => fault)).toEqual(cases.map(([, fault]) => fault));
    const good = outcomes.flatMap((outcome) => (isRefused(outcome) ? [] : [outcome.sender]));
    expect(good).toEqual(senders.slice(0, cases.length));
  });
});

test("authorities are told along with the transactions that carry them, also next to ones that were given up", async () => {
  const sign = (nonce: bigint) =>
    signAuthorization({ chainId: 0n, address: `0x${"11".repeat(20)}`, nonce }, signerOf(9));
  const broken = { ...sign(1n), r: 0n };
  const delegating = (list: readonly Authorization[]) =>
    encodeTransaction(signTransaction(transfer(0, { type: 4, authorizationList: list }), signerOf(0)));
  const pool = createPool({});
  const abort = new AbortController();
  const givenUp = pool.recover([raws[0] as Uint8Array, delegating([sign(5n)])], abort.signal);
  const refusal = expect(givenUp).rejects.toThrow("no more time");
  const recovered = pool.recover(
    [delegating([sign(0n), broken, sign(2n)]), raws[0] as Uint8Array, delegating([sign(3n)])],
    never,
  );
  await Promise.resolve();
  authorities.length = 0;
  abort.abort(new Error("no more time"));
  const outcomes = await recovered;
  await refusal;
  const address = signerOf(9).address;
  const last = authorities.slice(-4);
  expect(last).toEqual([
    [sign(0n), address],
    [broken, undefined],
    [sign(2n), address],
    [sign(3n), address],
  ]);
  const memory = new AuthorityMemory();
  for (const [authorization, authority] of last) memory.remember(authorization, authority);
  const carried = outcomes.flatMap((outcome) =>
    !isRefused(outcome) && outcome.transaction?.type === 4 ? outcome.transaction.authorizationList : [],
  );
  expect(carried.map((authorization) => memory.recover(authorization))).toEqual([address, undefined, address, address]);
  expect(memory.recover(sign(7n))).toBe(address);
});

describe("room", () => {
  test("who finds none waits in turn, and too many are turned away", async () => {
    const pool = createPool({ transactionsMax: 100, waitersMax: 2 });
    const first = pool.recover(raws.slice(0, 80), never);
    const order: string[] = [];
    const second = pool.recover(raws.slice(80, 130), never).then(() => order.push("second"));
    const third = pool.recover(raws.slice(130, 131), never).then(() => order.push("third"));
    expect(pool.occupancy()).toMatchObject({ transactions: 80, waiting: 2 });
    await expect(pool.recover(raws.slice(131, 132), never)).rejects.toMatchObject({ code: "INGEST_OVERLOADED" });
    await Promise.all([first, second, third]);
    expect(order.toSorted()).toEqual(["second", "third"]);
    expect(pool.occupancy()).toEqual({ transactions: 0, bytes: 0, waiting: 0 });
  });

  test("is also counted in bytes", async () => {
    const size = raws[0]?.length ?? 0;
    const pool = createPool({ bytesMax: size });
    await expect(pool.recover(raws.slice(0, 2), never)).rejects.toMatchObject({ code: "INGEST_BATCH_TOO_LARGE" });
    expect(await pool.recover(raws.slice(0, 1), never)).toHaveLength(1);
  });

  test("a caller that gives up while it waits leaves the turn to others", async () => {
    const pool = createPool({ transactionsMax: 100 });
    const first = pool.recover(raws.slice(0, 80), never);
    const abort = new AbortController();
    const impatient = pool.recover(raws.slice(0, 90), abort.signal);
    const small = pool.recover(raws.slice(0, 10), never);
    abort.abort(new Error("no more time"));
    await expect(impatient).rejects.toThrow("no more time");
    expect(await small).toHaveLength(10);
    await first;
    expect(pool.occupancy()).toEqual({ transactions: 0, bytes: 0, waiting: 0 });
  });

  test("a caller that gives up inside gives its room back and stops the others from nothing", async () => {
    const pool = createPool({});
    const abort = new AbortController();
    const impatient = pool.recover(raws, abort.signal);
    const patient = pool.recover(raws.slice(0, 10), never);
    abort.abort(new Error("no more time"));
    await expect(impatient).rejects.toThrow("no more time");
    expect(await patient).toHaveLength(10);
    expect(pool.occupancy()).toEqual({ transactions: 0, bytes: 0, waiting: 0 });
  });
});

describe("a worker that dies", () => {
  test("is replaced, and its jobs are done by another", async () => {
    crashTimes(1);
    const losses: boolean[] = [];
    const pool = createPool({ workers: 2, workerUrl: crashingWorkerUrl }, losses);
    const outcomes = await pool.recover(raws, never);
    expect(outcomes.map((outcome) => (isRefused(outcome) ? outcome.fault.code : outcome.sender))).toEqual(senders);
    expect(losses).toEqual([true]);
  });

  test("with the same job twice fails the caller, and the pool goes on", async () => {
    crashTimes(2);
    const losses: boolean[] = [];
    const pool = createPool({ workerUrl: crashingWorkerUrl }, losses);
    await expect(pool.recover(raws.slice(0, 3), never)).rejects.toMatchObject({
      fault: { code: "INGEST_WORKER_CRASHED", attempts: 2 },
    });
    expect(await pool.recover(raws.slice(0, 3), never)).toHaveLength(3);
    expect(losses).toEqual([true, true]);
    expect(pool.occupancy()).toEqual({ transactions: 0, bytes: 0, waiting: 0 });
  });

  test("again and again is given up: the calling thread takes over", async () => {
    crashTimes(1_000);
    const losses: boolean[] = [];
    const pool = createPool({ workerUrl: crashingWorkerUrl }, losses);
    const attempt = () =>
      pool.recover(raws.slice(0, 3), never).then(
        () => "done",
        () => "failed",
      );
    const results = [await attempt(), await attempt(), await attempt(), await attempt()];
    expect(results).toEqual(["failed", "failed", "done", "done"]);
    expect(losses).toEqual([true, true, true, true, false]);
  });

  test("because its module does not load fails nobody in the end", async () => {
    const losses: boolean[] = [];
    const pool = createPool({ workerUrl: new URL("../fixtures/no-such-worker.ts", import.meta.url) }, losses);
    await waitFor(() => losses.includes(false));
    expect(await pool.recover(raws.slice(0, 3), never)).toHaveLength(3);
  });
});

test("closing ends what is inside and what waits, and nothing comes in any more", async () => {
  const pool = createPool({ transactionsMax: 700 });
  const inside = pool.recover(raws, never);
  const waiting = pool.recover(raws.slice(0, 1), never);
  const refusals = Promise.all([
    expect(inside).rejects.toMatchObject({ code: "INGEST_CLOSED" }),
    expect(waiting).rejects.toMatchObject({ code: "INGEST_CLOSED" }),
  ]);
  await pool.close();
  await refusals;
  await expect(pool.recover(raws.slice(0, 1), never)).rejects.toMatchObject({ code: "INGEST_CLOSED" });
});
