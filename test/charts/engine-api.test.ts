import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { Child } from "@koinon/testkit/child-process";
import { waitFor } from "@koinon/testkit/wait-for";
import { request } from "undici";
import { assembleImages, handOver, LocalNetwork, makeSecrets, startProcess } from "./local-network.ts";
import { layered, render, setUps } from "./manifests.ts";

const proposer = setUps["a proposer alone"] as Record<string, Record<string, unknown>>;
/** The chain alone, ordered by whoever comes with the secret. */
const executor = {
  ...proposer,
  chain: {
    ...proposer.chain,
    tls: { secretName: "koinon-chain-tls" },
    engineApi: { enabled: true },
    config: { CHAIN_PROPOSER: "none" },
  },
};

let folder: string;
const children: Child[] = [];

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "koinon-engine-api-"));
  await makeSecrets(path.join(folder, "secrets"));
  await mkdir(path.join(folder, "secrets/chain/env"));
  await writeFile(path.join(folder, "secrets/chain/env/CHAIN_ENGINE_JWT"), "5a".repeat(32));
});

afterAll(async () => {
  for (const child of children.reverse()) await child.kill();
  await rm(folder, { recursive: true, force: true });
});

test("a proposer of one release orders for the chain of another, through the Engine API and its secret", async () => {
  const images = await assembleImages(path.join(folder, "images"), new Set(["chain"]));
  const plan = (values: object) => LocalNetwork.plan(render(values), { folder, images, databaseUrl: "", natsUrl: "" });
  const chain = await plan(executor);
  await handOver({ folder });
  const start = async (network: LocalNetwork) => {
    const [process, ...others] = await network.processes();
    if (process === undefined || others.length > 0) throw new Error("there is one process in each of these releases");
    const child = await startProcess(process);
    children.push(child);
    const ready = async () => {
      if (!child.isRunning()) throw new Error(child.lines.join("\n"));
      return (await request(`http://127.0.0.1:${process.adminPort}/readyz`)).statusCode === 200;
    };
    await waitFor(ready, { deadlineMs: 60_000, what: `ready: ${child.lines.at(-1)}` });
    return process;
  };
  const { env } = await start(chain);
  expect([env.NATS_URL, env.CHAIN_PROPOSER]).toEqual([undefined, "none"]);
  const height = async () => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_blockNumber", params: [] });
    const answer = await request(chain.rpcUrl, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    return Number(((await answer.body.json()) as { result: string }).result);
  };
  expect(await height()).toBe(0);
  const config = { CHAIN_ENGINE_URL: chain.engineUrl, CHAIN_BLOCK_INTERVAL_MS: 100, CHAIN_ENGINE_BUILD_MS: 10 };
  const ordering = await start(await plan(layered(proposer, { chain: { config } })));
  expect(Object.keys(ordering.env).filter((name) => name.startsWith("TLS_") || name === "RPC_LISTEN")).toEqual([]);
  await waitFor(async () => (await height()) > 2, { deadlineMs: 60_000, intervalMs: 100, what: "blocks" });
}, 180_000);
