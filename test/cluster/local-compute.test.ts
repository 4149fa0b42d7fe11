import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { waitFor } from "@koinon/testkit/wait-for";
import { providers } from "./network/cluster-network.ts";
import {
  charts,
  edgeNamespace,
  helm,
  kubectl,
  list,
  namespace,
  type Pod,
  release,
  secretValue,
} from "./network/kubernetes.ts";

// npm run cluster -- install --values helm/profiles/local-compute.yaml, and the release `edge`, whose providers are of the region eu
const foreign = "foreign";

describe("the profile local-compute", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;

  beforeAll(async () => {
    folder = await temporaryFolder("koinon-foreign-");
    const text = await helm("get", "values", "edge", "--namespace", edgeNamespace, "--output", "json");
    const values = JSON.parse(text) as { provider: { config: object } };
    const config = { ...values.provider.config, PROVIDER_REGION: "us", PROVIDER_NAME: foreign };
    const provider = { ...values.provider, replicas: 1, config };
    await writeFile(`${folder.path}/values.json`, JSON.stringify({ ...values, provider }));
    const place = ["--namespace", edgeNamespace, "--values", `${folder.path}/values.json`];
    await helm("upgrade", "--install", foreign, charts, ...place);
  }, 120_000);
  afterAll(async () => {
    await helm("uninstall", foreign, "--namespace", edgeNamespace, "--wait").catch(() => "");
    const own = `app.kubernetes.io/instance=${foreign}`;
    await kubectl("delete", "persistentvolumeclaim", "--namespace", edgeNamespace, "--selector", own);
    await folder?.remove();
  }, 120_000);

  test("has no place for a provider that signs another region, which is told why", async () => {
    const pod = async () => {
      const [found] = await list<Pod>("pods", edgeNamespace, `app.kubernetes.io/instance=${foreign}`);
      return found;
    };
    const told = async () => {
      const log = await kubectl("logs", `${foreign}-provider-0`, "--namespace", edgeNamespace);
      return /REGION_NOT_ALLOWED/.test(log);
    };
    await waitFor(told, { deadlineMs: 60_000, intervalMs: 500, what: "the provider is told" });
    // It would work for a market that takes it.
    const ready = await fetch(`http://${(await pod())?.status.podIP}:9090/readyz`);
    expect(await ready.text()).toContain('"name":"registration","ok":false');
    const place = ["--namespace", namespace, `service/${release}-gateway`, "--output", "jsonpath={.spec.clusterIP}"];
    const known = await providers(
      `http://${await kubectl("get", ...place)}`,
      await secretValue("koinon-gateway", "GATEWAY_ADMINISTRATOR_KEY"),
    );
    expect(known.filter(({ state }) => state === "healthy").length).toBeGreaterThan(0);
    expect(known.filter(({ name }) => name.startsWith(foreign))).toEqual([]);
  }, 90_000);
});
