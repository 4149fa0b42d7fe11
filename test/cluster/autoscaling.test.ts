import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createKey } from "@koinon/acceptance/network/client";
import type { Network } from "@koinon/acceptance/network/network";
import { upstreamModel } from "@koinon/acceptance/network/upstream";
import { waitFor } from "@koinon/testkit/wait-for";
import { type OpenLoop, startOpenLoop } from "./load/open-loop.ts";
import { summarise } from "./load/summary.ts";
import { autoscaledServices, autoscaling, readyPodsOf, untilPods, untilReady } from "./network/autoscaled-services.ts";
import { changeRelease } from "./network/changed-release.ts";
import { openClusterNetwork } from "./network/cluster-network.ts";
import { answered } from "./network/pod-metrics.ts";

/** Autoscaling on the little that a test machine can ask for: a few requests per second are "much" for so small a request of CPU. */
const small = autoscaling({ "autoscaling.maxReplicas": 3, "resources.requests.cpu": "80m" });

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

  test("comes to rest at one replica of each", async () => {
    for (const service of autoscaledServices) await untilPods(service, 1, 120_000);
  }, 240_000);

  test("grows gateway and market under load, and new pods of both get their share", async () => {
    const { key } = await createKey(network, 1_000_000_000n);
    const body = { model: upstreamModel, max_tokens: 16, messages: [{ role: "user", content: "say 3" }] };
    // Connections of their own for every request, as many clients have.
    load = startOpenLoop({ url: network.url, key, ratePerSecond: 40, body, fresh: true });
    for (const service of autoscaledServices) await untilReady(service, 2, 120_000);
    for (const service of autoscaledServices) {
      for (const pod of await readyPodsOf(service)) {
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
    for (const service of autoscaledServices) await untilPods(service, 1, 180_000);
    expect(summarise(gentle.samples, 0, gentle.nowMs()).failures).toEqual({});
  }, 400_000);
});
