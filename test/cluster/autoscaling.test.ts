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
import { answered } from "./network/pod-metrics.ts";

const services = ["gateway", "market"];
/** Autoscaling on the little that a test machine can ask for: a few requests per second are "much" for so small a request of CPU. */
const small = services.flatMap((service) => {
  const set = (key: string, value: string | number) => ["--set", `${service}.${key}=${value}`];
  return [
    ...set("autoscaling.enabled", "true"),
    ...set("autoscaling.minReplicas", 1),
    ...set("autoscaling.maxReplicas", 3),
    ...set("autoscaling.behavior.scaleDown.stabilizationWindowSeconds", 15),
    ...set("resources.requests.cpu", "80m"),
  ];
});

describe("the autoscaler, on the metrics API", () => {
  let network: Network;
  let load: OpenLoop | undefined;
  let takeBack: (() => Promise<void>) | undefined;

  beforeAll(async () => {
    takeBack = await changeRelease(small);
    network = await openClusterNetwork();
  }, 300_000);
  afterAll(async () => {
    await load?.stop();
    await network?.stop();
    await takeBack?.();
  }, 300_000);

  const readyPods = async (service: string) => (await podsOf(service)).filter(isReady);
  const autoscaler = (service: string) => kubectl("describe", "hpa", `${release}-${service}`, "--namespace", namespace);

  test("comes to rest at one replica of each", async () => {
    for (const service of services) {
      await waitFor(async () => (await podsOf(service)).length === 1, {
        deadlineMs: 120_000,
        intervalMs: 1_000,
        what: `one pod of ${service}: ${await autoscaler(service)}`,
      });
    }
  }, 240_000);

  test("grows gateway and market under load, and new pods of both get their share", async () => {
    const { key } = await createKey(network, 1_000_000_000n);
    const body = { model: upstreamModel, max_tokens: 16, messages: [{ role: "user", content: "say 3" }] };
    // Connections of their own for every request, as many clients have.
    load = startOpenLoop({ url: network.url, key, ratePerSecond: 40, body, fresh: true });
    for (const service of services) {
      await waitFor(async () => (await readyPods(service)).length >= 2, {
        deadlineMs: 120_000,
        intervalMs: 500,
        what: `a second pod of ${service} is ready`,
      });
    }
    for (const service of services) {
      for (const pod of await readyPods(service)) {
        await waitFor(async () => (await answered(pod, service)) > 20, {
          deadlineMs: 60_000,
          intervalMs: 500,
          what: `${pod.metadata.name} serves`,
        });
      }
    }
  }, 300_000);

  test("shrinks them afterwards, and no request failed on the way", async () => {
    const gentle = load as OpenLoop;
    await gentle.stop();
    for (const service of services) {
      await waitFor(async () => (await podsOf(service)).length === 1, {
        deadlineMs: 180_000,
        intervalMs: 1_000,
        what: `one pod of ${service} again`,
      });
    }
    expect(summarise(gentle.samples, 0, gentle.nowMs()).failures).toEqual({});
  }, 400_000);
});
