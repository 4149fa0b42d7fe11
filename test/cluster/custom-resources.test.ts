import { readdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { clusterFile } from "./network/home.ts";
import { charts, helm, kubectl, namespace } from "./network/kubernetes.ts";

const definitions = clusterFile("bin/crds");
const profile = (name: string) => path.join(charts, "../profiles", `${name}.yaml`);

/** What the profile ha asks of cert-manager and the Prometheus operator, by their own definitions on a real API server. */
describe("custom resources", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;

  beforeAll(async () => {
    folder = await temporaryFolder("koinon-custom-");
    await kubectl("apply", "--server-side", "--filename", definitions);
    await kubectl("wait", "--for=condition=Established", "--timeout=60s", "--filename", definitions);
  }, 120_000);
  afterAll(async () => {
    await kubectl("delete", "--filename", definitions, "--ignore-not-found");
    await folder?.remove();
  }, 120_000);

  async function accepted(text: string): Promise<string> {
    const file = path.join(folder.path, "objects.yaml");
    await writeFile(file, text);
    const strictly = ["--dry-run=server", "--validate=strict", "--output=name", "--namespace", namespace];
    return await kubectl("create", "--filename", file, ...strictly);
  }

  test("every object of the profile ha, with the chain, as it is, is accepted", async () => {
    expect(readdirSync(definitions)).toHaveLength(3);
    const values = ["--values", profile("ha"), "--values", profile("chain")];
    const issued = ["--set", "chain.tls.secretName=,chain.tls.issuer.name=koinon,chain.serviceMonitor.enabled=true"];
    const rendered = await helm("template", "another", charts, "--namespace", namespace, ...values, ...issued);
    const names = (await accepted(rendered)).trim().split("\n");
    const services = ["chain", "gateway", "market", "poi", "provider"].map((service) => `another-${service}`);
    for (const kind of ["certificate.cert-manager.io", "servicemonitor.monitoring.coreos.com"]) {
      const found = names.filter((name) => name.startsWith(`${kind}/`)).sort();
      expect(found).toEqual(services.map((service) => `${kind}/${service}`));
    }
    expect(names).toContain("prometheusrule.monitoring.coreos.com/another-koinon");
  }, 120_000);

  test("a field that they do not have is refused", async () => {
    const wrong = { issuerRef: { name: "x" }, secretName: "x", dnsName: "x" };
    const certificate = { apiVersion: "cert-manager.io/v1", kind: "Certificate", metadata: { name: "x" }, spec: wrong };
    await expect(accepted(JSON.stringify(certificate))).rejects.toThrow(/unknown field "spec.dnsName"/);
  }, 60_000);
});
