import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { api, chat } from "@koinon/acceptance/network/client";
import type { Network } from "@koinon/acceptance/network/network";
import { waitFor } from "@koinon/testkit/wait-for";
import { openClusterNetwork } from "./network/cluster-network.ts";
import { helm, isReady, namespace, podsOf, release } from "./network/kubernetes.ts";

// npm run cluster -- install --values helm/profiles/small.yaml --values helm/profiles/chain.yaml
describe("a release with its own chain", () => {
  let network: Network;

  beforeAll(async () => {
    network = await openClusterNetwork();
  }, 120_000);
  afterAll(() => network?.stop());

  test("anchors its log to the chain, and proves an answer by it", async () => {
    const { headers } = await chat(network, "three words please");
    const bundle = await waitFor(
      async () => {
        const path = `/v1/receipts/${headers["x-request-id"]}/bundle?anchor=any`;
        const { status, body } = await api<{ format: string; anchor: { headers: string[] } }>(network, path);
        return status === 200 && body;
      },
      { deadlineMs: 90_000, intervalMs: 1_000, what: "an anchored bundle" },
    );
    expect(bundle).toMatchObject({ format: "koinon.bundle/2", anchor: { headers: [expect.any(String)] } });
  }, 120_000);

  test("passes helm test, the chain's with it", async () => {
    expect((await podsOf("chain")).map(isReady)).toEqual([true]);
    const report = await helm("test", release, "--namespace", namespace, "--timeout", "3m");
    expect(report).toContain(`${release}-chain-test`);
    expect(report.match(/Phase: +\w+/g)?.filter((phase) => !phase.endsWith("Succeeded"))).toEqual([]);
  }, 240_000);
});
