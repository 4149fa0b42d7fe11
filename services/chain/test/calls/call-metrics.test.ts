import { expect, test } from "@jest/globals";
import { createTelemetry } from "@koinon/runtime/telemetry";
import { hexToBytes } from "@koinon/secp256k1/hex";
import { ChainMetrics } from "../../src/metrics.ts";
import { never, startChainFixture } from "../chain/chain-fixture.ts";

test("calls that wait and threads that are at one are measured", async () => {
  const telemetry = createTelemetry({ service: "chain", metrics: true }, { monotonicMs: () => 0 });
  const fixture = await startChainFixture({
    change: (options) => ({ ...options, calls: { ...options.calls, threads: 1, callGasMax: 10n ** 13n } }),
  });
  const stop = new ChainMetrics(telemetry.meter("chain")).observe(fixture.chain);
  const measured = async () => {
    const text = await telemetry.metricsText();
    return ["waiting", "running"].map((what) =>
      Number(new RegExp(`^chain_calls_${what}.* (\\d+)`, "m").exec(text)?.[1]),
    );
  };
  const gone = new AbortController();
  expect(await measured()).toEqual([0, 0]);
  const endless = { data: hexToBytes("0x5b5f56") };
  const running = fixture.chain.view.calls.call(endless, "latest", gone.signal);
  const waiting = [1, 2].map(() => fixture.chain.view.calls.call({}, "latest", never));
  expect(await measured()).toEqual([2, 1]);
  gone.abort(new Error("gone"));
  await expect(running).rejects.toThrow("gone");
  await Promise.all(waiting);
  expect(await measured()).toEqual([0, 0]);
  stop();
  await fixture.close();
  await telemetry.close();
});
