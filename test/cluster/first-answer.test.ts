import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { chat, fetchBundle } from "@koinon/acceptance/network/client";
import { koinonOffline } from "@koinon/acceptance/network/koinon-command";
import type { Network } from "@koinon/acceptance/network/network";
import { openClusterNetwork } from "./network/cluster-network.ts";
import { helm, kubectl, namespace, release } from "./network/kubernetes.ts";

describe("a release that was just installed", () => {
  let network: Network;
  let folder: string;

  beforeAll(async () => {
    network = await openClusterNetwork();
    folder = mkdtempSync(path.join(tmpdir(), "koinon-first-answer-"));
  }, 120_000);
  afterAll(async () => {
    await network?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test("answers with a real model, and the answer's proof holds without any network", async () => {
    const extra = {
      model: "smollm2-135m-instruct",
      messages: [{ role: "user", content: "Which city is the capital of France?" }],
      // As sampled it names another city now and then.
      temperature: 0,
    };
    const exchange = await chat(network, "", { extra });
    expect([exchange.status, exchange.responseBytes.toString("utf8")]).toEqual([200, expect.stringContaining("Paris")]);
    const files = { bundle: await fetchBundle(network, String(exchange.headers["x-request-id"])), ...exchange };
    const place = (name: string, content: Uint8Array) => {
      writeFileSync(path.join(folder, name), content);
      return path.join(folder, name);
    };
    const request = [
      "--request",
      place("request", files.requestBytes),
      "--response",
      place("response", files.responseBytes),
    ];
    const verdict = await koinonOffline([
      "verify",
      place("bundle.json", files.bundle),
      "--trust",
      network.trustFile,
      "--json",
      ...request,
    ]);
    expect([verdict.code, JSON.parse(verdict.stdout)]).toMatchObject([0, { valid: true, textChecked: true }]);
    const altered = Buffer.from(files.responseBytes.toString("utf8").replace("Paris", "Lyons"));
    const forged = await koinonOffline([
      "verify",
      path.join(folder, "bundle.json"),
      "--trust",
      network.trustFile,
      "--json",
      ...request.slice(0, 3),
      place("altered", altered),
    ]);
    expect(forged.code).toBe(1);
  }, 120_000);

  test("passes helm test", async () => {
    const report = await helm("test", release, "--namespace", namespace, "--timeout", "3m");
    expect(report.match(/Phase: +\w+/g)?.filter((phase) => !phase.endsWith("Succeeded"))).toEqual([]);
    expect(report.match(/TEST SUITE/g)?.length).toBeGreaterThanOrEqual(4);
  }, 240_000);

  test("runs where the API server refuses every pod that does not meet the restricted standard", async () => {
    const label = "jsonpath={.metadata.labels.pod-security\\.kubernetes\\.io/enforce}";
    expect(await kubectl("get", "namespace", namespace, "--output", label)).toBe("restricted");
    const refused = kubectl("run", "intruder", "--namespace", namespace, "--image=any", "--restart=Never");
    await expect(refused).rejects.toThrow(/violates PodSecurity "restricted/);
  });
});
