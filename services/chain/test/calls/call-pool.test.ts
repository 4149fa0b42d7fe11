import { afterEach, describe, expect, test } from "@jest/globals";
import { isFault } from "@koinon/errors/domain-error";
import { hexToBytes } from "@koinon/secp256k1/hex";
import { waitFor } from "@koinon/testkit/wait-for";
import { CallPool } from "../../src/calls/call-pool.ts";
import { carryConfig } from "../../src/calls/carried-config.ts";
import { defaultLimits } from "../../src/jsonrpc/limits.ts";
import { type ChainFixture, never, startChainFixture } from "../chain/chain-fixture.ts";

let fixture: ChainFixture;
afterEach(() => fixture.close());

const endless = { data: hexToBytes("0x5b5f56") };
const nothing = { data: hexToBytes("0x00") };

/** A chain with these bounds; code can run for as long as its time lets it. */
async function begin(bounds: { threads: number; waitingMax?: number; callTimeoutMs?: number }): Promise<CallPool> {
  fixture = await startChainFixture({
    change: (options) => ({
      ...options,
      calls: { ...options.calls, callGasMax: 10n ** 13n, searchTimeoutMs: 60_000, callTimeoutMs: 60_000, ...bounds },
    }),
  });
  return fixture.chain.view.calls as CallPool;
}

/** What a thread begins with, but for the rules. */
function fixtureThread() {
  const store = { path: fixture.path, historyBlocks: 256, archive: false, cacheBytes: 1 };
  return { store, codeCacheBytes: 1, callGasMax: 1n, hashSecret: 1n };
}

/** The code with which something is refused. */
async function faultOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return "none";
  } catch (error) {
    for (const code of ["CALLS_OVERLOADED", "CALL_TIMEOUT", "CALL_THREAD_LOST", "CALLS_CLOSED"]) {
      if (isFault(error, code)) return code;
    }
    return String(error);
  }
}

test("a thread that ends takes its call along, and another one is started for the next", async () => {
  fixture = await startChainFixture();
  const causes: unknown[] = [];
  const settings = { ...fixtureThread(), config: carryConfig(fixture.chain.view.reader.config) };
  const pool = new CallPool(
    { threads: 1, waitingMax: 10, callTimeoutMs: 10_000, searchTimeoutMs: 10_000 },
    {
      thread: settings,
      workerUrl: new URL("../fixtures/dying-call-worker-main.ts", import.meta.url),
      threadLost: (cause) => causes.push(cause),
    },
  );
  expect(await Promise.all([1, 2, 3].map(() => faultOf(pool.call(nothing, "latest", never))))).toEqual(
    new Array(3).fill("CALL_THREAD_LOST"),
  );
  expect(causes.map(String)).toEqual(new Array(3).fill("RangeError: no memory left"));
  expect(pool.occupancy()).toEqual({ running: 0, waiting: 0 });
  await pool.close();
});

describe("calls", () => {
  test("what can not be copied to a thread is refused, and the thread does the next", async () => {
    const calls = await begin({ threads: 1 });
    let deep: unknown = 1;
    for (let level = 0; level < 100_000; level++) deep = [deep];
    for (let round = 0; round < 3; round++) {
      expect(await faultOf(calls.request("eth_call", [deep], defaultLimits, never))).toContain("RangeError");
    }
    expect((await calls.call(nothing, "latest", never)).failure).toBeUndefined();
    expect(calls.occupancy()).toEqual({ running: 0, waiting: 0 });
  });

  test("wait, as many as may; the others are refused at once", async () => {
    const calls = await begin({ threads: 1, waitingMax: 2 });
    const stop = new AbortController();
    const running = faultOf(calls.call(endless, "latest", stop.signal));
    const waiting = [1, 2].map(() => calls.call(nothing, "latest", never));
    expect(calls.occupancy()).toEqual({ running: 1, waiting: 2 });
    expect(await faultOf(calls.call(nothing, "latest", never))).toBe("CALLS_OVERLOADED");
    stop.abort(new Error("gone"));
    expect(await running).toBe("Error: gone");
    // The thread leaves what nobody wants and goes on with them.
    for (const outcome of await Promise.all(waiting)) expect(outcome.failure).toBeUndefined();
    expect(calls.occupancy()).toEqual({ running: 0, waiting: 0 });
  });

  test("that wait are left out when their caller has gone", async () => {
    const calls = await begin({ threads: 1, callTimeoutMs: 2_000 });
    const stop = new AbortController();
    const running = faultOf(calls.call(endless, "latest", never));
    const gone = faultOf(calls.call(endless, "latest", stop.signal));
    const next = calls.call(nothing, "latest", never);
    stop.abort(new Error("gone"));
    expect(await gone).toBe("Error: gone");
    expect(await running).toBe("CALL_TIMEOUT");
    expect((await next).failure).toBeUndefined();
  });

  test("find a thread while all but one are at something long", async () => {
    const calls = await begin({ threads: 2 });
    const stop = new AbortController();
    const overrides = { [`0x${"11".repeat(20)}`]: { code: "0x5b5f56" } };
    const params = [{ to: `0x${"11".repeat(20)}` }, "latest", { stateOverrides: overrides, tracer: "4byteTracer" }];
    const limits = { ...defaultLimits, traceTimeoutMs: 60_000 };
    const traces = [1, 2, 3].map(() => faultOf(calls.request("debug_traceCall", params, limits, stop.signal)));
    expect((await calls.call(nothing, "latest", never)).failure).toBeUndefined();
    expect(calls.occupancy()).toEqual({ running: 1, waiting: 2 });
    stop.abort(new Error("gone"));
    expect(await Promise.all(traces)).toEqual(["Error: gone", "Error: gone", "Error: gone"]);
  });

  test("end when the chain is closed", async () => {
    const calls = await begin({ threads: 1 });
    const running = faultOf(calls.call(endless, "latest", never));
    const waiting = faultOf(calls.call(nothing, "latest", never));
    await waitFor(() => calls.occupancy().running === 1);
    const began = performance.now();
    await calls.close();
    // The call alone may take a minute.
    expect(performance.now() - began).toBeLessThan(20_000);
    expect([await running, await waiting]).toEqual(["CALLS_CLOSED", "CALLS_CLOSED"]);
    expect(await faultOf((async () => calls.call(nothing, "latest", never))())).toBe("CALLS_CLOSED");
  });

  test("see every block that is on disk, also where others were undone", async () => {
    const calls = await begin({ threads: 1 });
    // Returns the number of its block.
    const number = { data: hexToBytes("0x435f5260205ff3") };
    for (let block = 1n; block <= 3n; block++) {
      await fixture.propose();
      const { output } = await calls.call(number, "latest", never);
      expect(BigInt(`0x${Buffer.from(output).toString("hex")}`)).toBe(block);
    }
    const { output } = await calls.call(number, 1n, never);
    expect(BigInt(`0x${Buffer.from(output).toString("hex")}`)).toBe(1n);
    expect(await faultOf(calls.call(number, 9n, never))).toContain("BLOCK_UNKNOWN");
  });
});
