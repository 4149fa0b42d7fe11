import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { waitFor } from "@koinon/testkit/wait-for";
import { gatewayAccess, providers } from "./network/cluster-network.ts";
import { charts, edgeNamespace, helm, kubectl, list, namespace, type Pod, release } from "./network/kubernetes.ts";

// The providers of the release `edge` are of the region eu.
const foreign = "foreign";

describe("with the policy of the profile local-compute", () => {
  let before: string;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;

  beforeAll(async () => {
    folder = await temporaryFolder("koinon-foreign-");
    before = await revision();
    const policy = [
      "--set",
      "market.config.MARKET_ALLOWED_REGIONS={eu}",
      "--reuse-values",
      "--force-conflicts",
      "--wait",
    ];
    await helm("upgrade", release, charts, "--namespace", namespace, ...policy, "--timeout", "4m");
    const text = await helm("get", "values", "edge", "--namespace", edgeNamespace, "--output", "json");
    const values = JSON.parse(text) as { provider: { config: object } };
    const config = { ...values.provider.config, PROVIDER_REGION: "us", PROVIDER_NAME: foreign };
    const provider = { ...values.provider, replicas: 1, config };
    await writeFile(`${folder.path}/values.json`, JSON.stringify({ ...values, provider }));
    const place = ["--namespace", edgeNamespace, "--values", `${folder.path}/values.json`];
    await helm("upgrade", "--install", foreign, charts, ...place);
  }, 300_000);
  afterAll(async () => {
    await helm("uninstall", foreign, "--namespace", edgeNamespace, "--wait").catch(() => "");
    const own = `app.kubernetes.io/instance=${foreign}`;
    await kubectl("delete", "persistentvolumeclaim", "--namespace", edgeNamespace, "--selector", own);
    await helm("rollback", release, before, "--namespace", namespace, "--force-conflicts", "--wait", "--timeout", "4m");
    // The release's own provider was refused, too, and asks again in its time.
    const isBack = async () =>
      (await known()).some(({ name, state }) => name.startsWith(release) && state === "healthy");
    await waitFor(isBack, { deadlineMs: 120_000, intervalMs: 500, what: "the release's provider is back" });
    await folder?.remove();
  }, 300_000);

  test("has no place for a provider that signs another region, which is told why", async () => {
    const pod = async () => {
      const [found] = await list<Pod>("pods", edgeNamespace, `app.kubernetes.io/instance=${foreign}`);
      return found;
    };
    const told = async () => {
      const log = await kubectl("logs", `${foreign}-provider-0`, "--namespace", edgeNamespace);
      return /REGION_NOT_ALLOWED/.test(log);
    };
    await waitFor(told, { deadlineMs: 120_000, intervalMs: 500, what: "the provider is told" });
    // It would work for a market that takes it.
    const ready = await fetch(`http://${(await pod())?.status.podIP}:9090/readyz`);
    expect(await ready.text()).toContain("not registered: REGION_NOT_ALLOWED");
    const others = await known();
    expect(others.filter(({ state }) => state === "healthy").length).toBeGreaterThan(0);
    expect(others.filter(({ name }) => name.startsWith(foreign))).toEqual([]);
  }, 150_000);
});

/** The providers that the release's gateway tells of. */
async function known() {
  const { url, adminKey } = await gatewayAccess();
  return await providers(url, adminKey);
}

/** The release's revision that is in force. */
async function revision(): Promise<string> {
  const text = await helm("list", "--namespace", namespace, "--filter", `^${release}$`, "--output", "json");
  return (JSON.parse(text) as { revision: string }[])[0]?.revision ?? "";
}
