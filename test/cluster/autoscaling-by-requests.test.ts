import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createKey } from "@koinon/acceptance/network/client";
import type { Network } from "@koinon/acceptance/network/network";
import { upstreamModel } from "@koinon/acceptance/network/upstream";
import { waitFor } from "@koinon/testkit/wait-for";
import { type OpenLoop, startOpenLoop } from "./load/open-loop.ts";
import { summarise } from "./load/summary.ts";
import { changeRelease } from "./network/changed-release.ts";
import { openClusterNetwork } from "./network/cluster-network.ts";
import { isReady, kubectl, namespace, podsOf, release } from "./network/kubernetes.ts";
import { type MetricsAdapter, startMetricsAdapter } from "./network/metrics-adapter.ts";

const services = ["gateway", "market"];
const set = (key: string, value: string | number) => ["--set", `${key}=${value}`];

/** Such a share of the requested CPU is never used: only requests in hand let it grow. */
const byRequests = services.flatMap((service) => [
  ...set(`${service}.autoscaling.enabled`, "true"),
  ...set(`${service}.autoscaling.minReplicas`, 1),
  ...set(`${service}.autoscaling.maxReplicas`, 2),
  ...set(`${service}.autoscaling.cpuPercent`, 100_000),
  ...set(`${service}.autoscaling.requestsPerPod`, 10),
  ...set(`${service}.autoscaling.behavior.scaleDown.stabilizationWindowSeconds`, 15),
]);

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

  const pods = async (service: string) => (await podsOf(service)).filter(isReady).length;
  const told = (service: string) => kubectl("describe", "hpa", `${release}-${service}`, "--namespace", namespace);
  const come = async (service: string, count: number) => {
    const options = { deadlineMs: 180_000, intervalMs: 1_000, what: `${count} of ${service}: ${await told(service)}` };
    await waitFor(async () => (await pods(service)) === count, options);
  };

  test("adds gateways and markets while many long answers are in hand, which cost little CPU, and takes them away after", async () => {
    for (const service of services) await come(service, 1);
    const { key } = await createKey(network, 1_000_000_000n);
    // Each takes ten seconds, so thirty are in hand.
    const body = { model: upstreamModel, max_tokens: 200, messages: [{ role: "user", content: "slow 200" }] };
    load = startOpenLoop({ url: network.url, key, ratePerSecond: 3, body });
    for (const service of services) {
      await come(service, 2);
      expect(await told(service)).toMatch(/"(gateway_requests|market_requests_active)" on pods/);
    }
    await load.stop();
    for (const service of services) await come(service, 1);
    expect(summarise(load.samples, 0, load.nowMs()).failures).toEqual({});
  }, 900_000);
});
