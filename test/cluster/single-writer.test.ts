import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { chat, fetchBundle } from "@koinon/acceptance/network/client";
import type { Network } from "@koinon/acceptance/network/network";
import { waitFor } from "@koinon/testkit/wait-for";
import { openClusterNetwork } from "./network/cluster-network.ts";
import { killContainer } from "./network/container-kill.ts";
import { edgeNamespace, isReady, type Pod, podsOf } from "./network/kubernetes.ts";
import { gauge } from "./network/pod-metrics.ts";
import { lastWordsOfSecond } from "./network/second-process.ts";

/** Pods of poi that say of themselves that they write the log. */
async function sequencers(): Promise<readonly Pod[]> {
  const ready = (await podsOf("poi")).filter(isReady);
  const writing = await Promise.all(ready.map((pod) => gauge(pod, "poi_sequencing")));
  return ready.filter((_, index) => writing[index] === 1);
}

describe("what may write once only", () => {
  let network: Network;

  beforeAll(async () => {
    network = await openClusterNetwork();
  }, 120_000);
  afterAll(() => network?.stop());

  test("one pod of poi writes the log and the others wait; when it is killed another takes over", async () => {
    const ready = async () => (await podsOf("poi")).filter(isReady);
    expect((await ready()).length).toBeGreaterThan(1);
    const [writer, ...others] = await sequencers();
    expect(others).toEqual([]);
    await killContainer(writer as Pod, "poi");
    let most = 0;
    const again = async () => {
      const { length } = await sequencers();
      most = Math.max(most, length);
      return length > 0;
    };
    await waitFor(again, { deadlineMs: 60_000, intervalMs: 100, what: "a pod of poi writes again" });
    expect(most).toBe(1);
    const { headers } = await chat(network, "say 3");
    expect((await fetchBundle(network, String(headers["x-request-id"]))).length).toBeGreaterThan(0);
    await network.recover();
  }, 240_000);

  test("a second provider on one volume is shut out", async () => {
    const pod = `${edgeNamespace}-provider-0`;
    expect(await lastWordsOfSecond(pod, edgeNamespace)).toContain("DATA_FOLDER_IN_USE");
    await network.recover();
  }, 240_000);
});
