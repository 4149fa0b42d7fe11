import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { chat } from "@koinon/acceptance/network/client";
import type { Network } from "@koinon/acceptance/network/network";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { waitFor } from "@koinon/testkit/wait-for";
import { openClusterNetwork, providers } from "./network/cluster-network.ts";
import { charts, helm, isReady, kubectl, namespace, podsOf, release, secretValue } from "./network/kubernetes.ts";

const services = ["gateway", "market", "poi", "provider"];
const place = ["--namespace", namespace];

/** Names of the pods that are there, by service; a pod that is replaced has another. */
async function podsByService(): Promise<Record<string, string[]>> {
  const known: Record<string, string[]> = {};
  for (const service of services) known[service] = (await podsOf(service)).map(({ metadata }) => metadata.uid).sort();
  return known;
}

/** Upgrades with the values that are in force and these changes; answers the services whose pods were replaced. */
async function upgraded(...changes: readonly string[]): Promise<string[]> {
  const before = await podsByService();
  await helm(
    "upgrade",
    release,
    charts,
    ...place,
    "--reuse-values",
    "--force-conflicts",
    "--wait",
    "--timeout",
    "5m",
    ...changes,
  );
  const settled = async () => {
    const pods = (await Promise.all(services.map((service) => podsOf(service)))).flat();
    return pods.every(isReady);
  };
  await waitFor(settled, { deadlineMs: 180_000, intervalMs: 500, what: "no pod starts or ends any more" });
  const after = await podsByService();
  return services.filter((service) => before[service]?.every((uid) => !after[service]?.includes(uid)));
}

async function untouched(replaced: readonly string[], before: Record<string, string[]>): Promise<void> {
  const after = await podsByService();
  for (const service of services.filter((name) => !replaced.includes(name)))
    expect(after[service]).toEqual(before[service]);
}

describe("helm upgrade replaces the pods whose settings changed, and no others", () => {
  // The release may have been installed from other charts, whose pods differ anyway.
  beforeAll(() => upgraded(), 400_000);

  test.each<[string, readonly string[], readonly string[]]>([
    ["nothing changed", [], []],
    ["config of one service", ["--set", "market.config.MARKET_ATTEMPTS_MAX=4"], ["market"]],
    ["it changes again", ["--set", "market.config.MARKET_ATTEMPTS_MAX=3"], ["market"]],
    ["config of every process", ["--set", "global.config.LOG_LEVEL=debug"], services],
    ["it is taken back", ["--set", "global.config.LOG_LEVEL=info"], services],
  ])(
    "%s",
    async (_, changes, replaced) => {
      const before = await podsByService();
      expect(await upgraded(...changes)).toEqual(replaced);
      await untouched(replaced, before);
    },
    400_000,
  );

  test("a Secret: its services' pods only, and not before the upgrade", async () => {
    const url = await secretValue("koinon-gateway", "REDIS_URL");
    const write = (value: string) =>
      kubectl(
        "patch",
        "secret",
        "koinon-gateway",
        ...place,
        "--patch",
        JSON.stringify({ stringData: { REDIS_URL: value } }),
      );
    const before = await podsByService();
    await write(`${url}/0`);
    try {
      expect(await podsByService()).toEqual(before);
      expect(await upgraded()).toEqual(["gateway"]);
      await untouched(["gateway"], before);
    } finally {
      await write(url);
      await upgraded();
    }
  }, 600_000);
});

/** Everything of the namespace that Helm made for the release, as `<kind>/<name>`. */
async function remains(): Promise<string[]> {
  const kinds = (await kubectl("api-resources", "--namespaced", "--verbs=list,delete", "--output=name"))
    .trim()
    .split("\n");
  const found = await Promise.all(
    kinds
      .filter((kind) => !kind.startsWith("events") && !kind.includes("metrics.k8s.io"))
      .map((kind) =>
        kubectl("get", kind, ...place, "--selector", `app.kubernetes.io/instance=${release}`, "--output=name"),
      ),
  );
  return [...new Set(found.join("").split("\n").filter(Boolean))].sort();
}

describe("helm uninstall", () => {
  let network: Network;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;

  beforeAll(async () => {
    folder = await temporaryFolder("koinon-uninstall-");
    network = await openClusterNetwork();
  }, 120_000);
  afterAll(async () => {
    await network?.stop();
    await folder?.remove();
  });

  test("leaves the providers' volumes and what the operator made; a new install goes on with them", async () => {
    const values = `${folder.path}/values.json`;
    await writeFile(values, await helm("get", "values", release, ...place, "--output", "json"));
    const address = async () =>
      (await providers(network.url, network.adminKey)).find(({ name }) => !name.startsWith("example-edge"))?.address;
    const own = await address();
    expect(own).toBeDefined();
    const secrets = await kubectl("get", "secrets", ...place, "--output=name");
    const volumes = (
      await kubectl("get", "pvc", ...place, "--selector", `app.kubernetes.io/instance=${release}`, "--output=name")
    )
      .trim()
      .split("\n");

    try {
      await helm("uninstall", release, ...place, "--wait", "--timeout", "5m");
      // Pods end after the workloads that made them: they wait for balancers and finish what is under way.
      const ended = async () => (await remains()).every((name) => !name.startsWith("pod/"));
      await waitFor(ended, { deadlineMs: 180_000, intervalMs: 500, what: "the last pod is gone" });
      expect(await remains()).toEqual(volumes);
      const withoutHistory = (names: string) =>
        names.split("\n").filter((name) => !name.includes(`sh.helm.release.v1.${release}.`));
      const left = await kubectl("get", "secrets", ...place, "--output=name");
      expect(withoutHistory(left)).toEqual(withoutHistory(secrets));
    } finally {
      // Also when something was wrong: other tests want a release.
      await helm("upgrade", "--install", release, charts, ...place, "--values", values, "--wait", "--timeout", "5m");
    }

    const again = await openClusterNetwork();
    expect(again.adminKey).toBe(network.adminKey);
    const known = (await providers(again.url, again.adminKey)).map((provider) => provider.address);
    expect(known).toContain(own);
    // Budgets and keys are the database's: a key of before the uninstall still pays.
    const { status } = await chat({ ...again, apiKey: network.apiKey }, "say 2");
    expect(status).toBe(200);
    await again.stop();
  }, 900_000);
});
