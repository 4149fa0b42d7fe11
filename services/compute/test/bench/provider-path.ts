import { spawn } from "node:child_process";
import { once } from "node:events";
import { availableParallelism, cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { Pool } from "undici";
import { need, startProvider } from "../fixtures/test-provider.ts";

// What a provider over an OpenAI-compatible URL adds to calling that URL: metering, hashing, signed receipt, journal.
// Run: node test/bench/provider-path.ts

const upstream = spawn(process.execPath, [
  fileURLToPath(new URL("../fixtures/mock-upstream-main.ts", import.meta.url)),
]);
const [line] = (await once(upstream.stdout, "data")) as [Buffer];
const baseUrl = line.toString().trim();
const folder = await temporaryFolder();
const provider = await startProvider(folder.path, {
  ...{ engineUrl: baseUrl, engineConnections: 64, capacity: 256, pendingMax: 1_000_000 },
});
const pool = new Pool(new URL(baseUrl).origin, { connections: 64 });
const print = (text: string) => process.stdout.write(`${text}\n`);

async function direct(body: Buffer): Promise<void> {
  const headers = { "content-type": "application/json" };
  const response = await pool.request({ path: "/v1/chat/completions", method: "POST", headers, body });
  await response.body.arrayBuffer();
}

async function served(body: Buffer): Promise<void> {
  let receipts = 0;
  for await (const { part } of provider.provider.serve({ ...provider.order({}), body }, new AbortController().signal)) {
    if (part?.$case === "receipt") receipts++;
  }
  if (receipts !== 1) throw new Error("no receipt");
}

async function median(ask: () => Promise<void>, rounds: number): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    await ask();
    times.push(performance.now() - start);
  }
  return need(times.sort((a, b) => a - b)[rounds >> 1]);
}

async function perSecond(ask: () => Promise<void>, rounds: number): Promise<number> {
  const start = performance.now();
  let left = rounds;
  const client = async () => {
    while (left-- > 0) await ask();
  };
  await Promise.all(Array.from({ length: 32 }, client));
  return rounds / ((performance.now() - start) / 1000);
}

print(`${availableParallelism()} × ${cpus()[0]?.model}; mock, client and provider on the same cores`);
for (const [name, stream] of [
  ["one object", false],
  ["stream of 50 chunks", true],
] as const) {
  const body = Buffer.from(
    JSON.stringify({ model: "m", stream, messages: [{ role: "user", content: "hello there" }] }),
  );
  for (const warmUp of [direct, served]) await median(() => warmUp(body), 500);
  const [alone, through] = [await median(() => direct(body), 1_500), await median(() => served(body), 1_500)];
  const [aloneRate, throughRate] = [
    await perSecond(() => direct(body), 5_000),
    await perSecond(() => served(body), 5_000),
  ];
  print(
    `${name}: median ${alone.toFixed(3)} ms direct, ${through.toFixed(3)} ms served; adds ${(through - alone).toFixed(3)} ms`,
  );
  print(`${name}: ${aloneRate.toFixed(0)} requests/s direct, ${throughRate.toFixed(0)} served, 32 at once`);
}

await provider.stop();
await pool.close();
upstream.kill();
await folder.remove();
