import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createKey } from "@koinon/acceptance/network/client";
import type { Network } from "@koinon/acceptance/network/network";
import { upstreamModel } from "@koinon/acceptance/network/upstream";
import { type OpenLoop, startOpenLoop } from "./load/open-loop.ts";
import { summarise } from "./load/summary.ts";
import {
  autoscaledServices,
  autoscaling,
  describeAutoscaler,
  untilPods,
  untilReady,
} from "./network/autoscaled-services.ts";
import { changeRelease } from "./network/changed-release.ts";
import { openClusterNetwork } from "./network/cluster-network.ts";
import { type MetricsAdapter, startMetricsAdapter } from "./network/metrics-adapter.ts";

/** Such a share of the requested CPU is never used: only requests in hand let it grow. */
const byRequests = autoscaling({
  "autoscaling.maxReplicas": 2,
  "autoscaling.cpuPercent": 100_000,
  "autoscaling.requestsPerPod": 10,
});
const patienceMs = 180_000;

describe("the autoscaler, on the services' own metric", () => {
  let network: Network;
  let adapter: MetricsAdapter | undefined;
  let load: OpenLoop | undefined;
  let takeBack: (() => Promise<void>) | undefined;

  beforeAll(async () => {
    adapter = await startMetricsAdapter(["gateway_requests", "market_requests_active"]);
    takeBack = await changeRelease(byRequests);
    network = await openClusterNetwork();
  }, 300_000);
  afterAll(async () => {
    await load?.stop();
    await network?.stop();
    await takeBack?.();
    await adapter?.stop();
  }, 300_000);

  test("adds gateways and markets while many long answers are in hand, which cost little CPU, and takes them away after", async () => {
    for (const service of autoscaledServices) await untilPods(service, 1, patienceMs);
    const { key } = await createKey(network, 1_000_000_000n);
    // Each takes ten seconds, so thirty are in hand.
    const body = { model: upstreamModel, max_tokens: 200, messages: [{ role: "user", content: "slow 200" }] };
    load = startOpenLoop({ url: network.url, key, ratePerSecond: 3, body });
    for (const service of autoscaledServices) {
      await untilReady(service, 2, patienceMs);
      expect(await describeAutoscaler(service)).toMatch(/"(gateway_requests|market_requests_active)" on pods/);
    }
    await load.stop();
    for (const service of autoscaledServices) await untilPods(service, 1, patienceMs);
    expect(summarise(load.samples, 0, load.nowMs()).failures).toEqual({});
  }, 900_000);
});
