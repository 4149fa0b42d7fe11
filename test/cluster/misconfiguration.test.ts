import { writeFile } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { waitFor } from "@koinon/testkit/wait-for";
import {
  charts,
  helm,
  isReady,
  kubectl,
  list,
  namespace,
  type Pod,
  podsOf,
  release,
  runningImage,
  secretValue,
} from "./network/kubernetes.ts";

const place = "misconfigured";

type Values = Record<string, unknown>;

/** One service with everything that it needs, and one thing wrong. */
interface Mistake {
  readonly service: "gateway" | "market" | "poi";
  readonly change: Values;
  /** What an operator reads. */
  readonly says: RegExp;
  readonly where: "log" | "readyz" | "status" | "event";
}

const nowhere = "postgres://koinon:wrong@nowhere.koinon.svc:5432/koinon";
const mistakes: Readonly<Record<string, Mistake>> = {
  "gateway, database unreachable": {
    service: "gateway",
    change: { url: nowhere },
    says: /DATABASE_UNREACHABLE.*nowhere/,
    where: "log",
  },
  "market, database unreachable": {
    service: "market",
    change: { url: nowhere },
    says: /"database".*DATABASE_UNREACHABLE.*nowhere/,
    where: "readyz",
  },
  "poi, database unreachable": {
    service: "poi",
    change: { url: nowhere },
    says: /"database".*DATABASE_UNREACHABLE.*nowhere/,
    where: "readyz",
  },
  "market, NATS unreachable": {
    service: "market",
    change: { nats: "nats://nowhere:4222" },
    says: /waitingFor.*event bus/,
    where: "readyz",
  },
  "market, a Secret that is missing": {
    service: "market",
    change: { secretName: "absent" },
    says: /secret \\"absent\\" not found/,
    where: "status",
  },
  "market, the certificate of another service": {
    service: "market",
    change: { tls: "koinon-poi-tls" },
    says: /waitingFor.*certificates.*expected=market, named=poi/,
    where: "readyz",
  },
  "market, a certificate's Secret that is missing": {
    service: "market",
    change: { tls: "absent" },
    says: /secret "absent" not found/,
    where: "event",
  },
};

describe("a mistake", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;

  beforeAll(async () => {
    folder = await temporaryFolder("koinon-misconfigured-");
    await kubectl("create", "namespace", place).catch(() => undefined);
    await kubectl("label", "namespace", place, "pod-security.kubernetes.io/enforce=restricted", "--overwrite");
    for (const service of ["gateway", "market", "poi"]) {
      for (const secret of [`koinon-${service}`, `koinon-${service}-tls`]) await copySecret(secret);
    }
  }, 60_000);
  afterEach(() => helm("uninstall", "broken", "--namespace", place, "--wait").catch(() => ""), 120_000);
  afterAll(async () => {
    await folder?.remove();
    await kubectl("delete", "namespace", place, "--wait=false");
  }, 60_000);

  test.each(Object.entries(mistakes))(
    "%s: it is said, the pod is not ready and does not crash",
    async (_, mistake) => {
      const file = `${folder.path}/values.json`;
      await writeFile(file, JSON.stringify(await valuesOf(mistake)));
      await helm("install", "broken", charts, "--namespace", place, "--no-hooks", "--values", file);
      const pod = async () => {
        const [found] = await podsOf(mistake.service, place);
        if (found === undefined) throw new Error("no pod yet");
        return found;
      };
      const said = await waitFor(async () => mistake.says.exec(await read(mistake.where, await pod())), {
        deadlineMs: 60_000,
        intervalMs: 500,
        what: `${mistake.where} says ${mistake.says}`,
      });
      expect(said[0]).toBeTruthy();
      const { status } = await pod();
      expect([isReady(await pod()), status.containerStatuses?.map(({ restartCount }) => restartCount)]).toEqual([
        false,
        [0],
      ]);
    },
    180_000,
  );

  test("migrations that can not reach their database stop the installation, and their job is left to say why", async () => {
    const file = `${folder.path}/values.json`;
    const values = await valuesOf({ service: "market", change: { url: nowhere }, says: /./, where: "status" });
    await writeFile(file, JSON.stringify(values));
    const install = helm("install", "broken", charts, "--namespace", place, "--timeout", "9m", "--values", file);
    await expect(install).rejects.toThrow(/broken-market-migrate/);
    const [pod] = await podsOf("market-migrate", place);
    expect(JSON.stringify(pod?.status)).toMatch(/DATABASE_UNREACHABLE.*nowhere/);
    expect(await podsOf("market", place)).toEqual([]);
    await kubectl("delete", "job", "broken-market-migrate", "--namespace", place);
  }, 600_000);

  test.each([
    ["a word for a number", ["--set", "market.replicas=two"], /market[\s\S]*replicas.*got string, want integer/],
    [
      "a setting that nobody declares",
      ["--set", "market.config.MARKET_FOO=1"],
      /additional properties 'MARKET_FOO' not allowed/,
    ],
    ["no NATS", ["--set", "global.natsUrl="], /global.natsUrl: name the NATS servers/],
  ])("%s is refused by the chart, by name", async (_, change, says) => {
    const upgrade = helm(
      "upgrade",
      release,
      charts,
      "--namespace",
      namespace,
      "--reuse-values",
      "--dry-run=server",
      ...change,
    );
    await expect(upgrade).rejects.toThrow(says);
  });
});

async function valuesOf({ service, change }: Mistake): Promise<Values> {
  const off = { enabled: false };
  const secrets = JSON.parse(
    await helm("get", "values", release, "--namespace", namespace, "--output", "json"),
  ) as Record<string, Values>;
  const own = secrets[service] as { secrets: Record<string, { secretName: string }> };
  const variable = `${service.toUpperCase()}_DATABASE_URL`;
  const wanted = { ...own.secrets };
  if (change.secretName !== undefined) wanted[variable] = { secretName: change.secretName as string };
  if (change.url !== undefined) {
    await kubectl("delete", "secret", "wrong", "--namespace", place, "--ignore-not-found");
    await kubectl(
      "create",
      "secret",
      "generic",
      "wrong",
      "--namespace",
      place,
      `--from-literal=${variable}=${change.url as string}`,
    );
    wanted[variable] = { secretName: "wrong" };
  }
  return {
    global: {
      natsUrl: (change.nats as string | undefined) ?? `nats://nats.${namespace}.svc:4222`,
      config: { SHUTDOWN_DELAY_MS: 0 },
    },
    ...{ gateway: off, market: off, poi: off, provider: off },
    [service]: {
      enabled: true,
      image: { tag: await runningImage(service) },
      replicas: 1,
      autoscaling: { enabled: false },
      tls: { secretName: (change.tls as string | undefined) ?? `koinon-${service}-tls` },
      secrets: wanted,
      ...(service === "gateway" ? { addresses: { market: `${release}-market.${namespace}.svc:7000` } } : {}),
      resources: { requests: { cpu: "20m" } },
    },
  };
}

async function read(where: Mistake["where"], pod: Pod): Promise<string> {
  if (where === "status") return JSON.stringify(pod.status);
  if (where === "log") return (await kubectl("logs", pod.metadata.name, "--namespace", place)).replaceAll("\n", " ");
  if (where === "readyz") return await (await fetch(`http://${pod.status.podIP}:9090/readyz`)).text();
  const events = await list<{ involvedObject: { name: string }; message: string }>("events", place);
  return events
    .filter(({ involvedObject }) => involvedObject.name === pod.metadata.name)
    .map(({ message }) => message)
    .join("\n");
}

async function copySecret(name: string): Promise<void> {
  const text = await kubectl("get", "secret", name, "--namespace", namespace, "--output", "json");
  const { data, type } = JSON.parse(text) as { data: object; type: string };
  const literals = Object.keys(data).map(
    async (key) => `--from-literal=${key}=${await secretValue(name, key.replaceAll(".", "\\."))}`,
  );
  await kubectl("delete", "secret", name, "--namespace", place, "--ignore-not-found");
  await kubectl(
    "create",
    "secret",
    "generic",
    name,
    `--type=${type}`,
    "--namespace",
    place,
    ...(await Promise.all(literals)),
  );
}
