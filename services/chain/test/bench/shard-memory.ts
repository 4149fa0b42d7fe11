import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { freePort } from "@koinon/machine/free-port";
import { startChild } from "@koinon/testkit/child-process";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { clientGenesis } from "../clients/genesis.ts";
import { call } from "../jsonrpc/rpc-client.ts";

// What call threads cost in memory: node --no-warnings test/bench/shard-memory.ts [--threads 1,2,4,8]. The built shard is started on
// an empty chain; each thread then answers one call, then all of them the largest trace that there may be, at the same time.

const { values } = parseArgs({ options: { threads: { type: "string", default: "1,2,4,8" } } });
const main = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const contract = `0x${"11".repeat(20)}`;
/** Steps in a loop until the trace is as large as may be. */
const loop = { [contract]: { code: "0x5b5f56" } };
const line = (threads: string, ...mebibytes: (string | number)[]): string =>
  [threads, ...mebibytes].map((cell) => String(cell).padStart(16)).join("");

process.stdout.write(`${line("call threads", "started, MiB", "one call each", "largest traces")}\n`);
for (const threads of values.threads.split(",")) await measure(threads);

async function measure(threads: string): Promise<void> {
  const folder = await temporaryFolder("koinon-memory-");
  const genesis = path.join(folder.path, "genesis.json");
  await writeFile(genesis, clientGenesis());
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const shard = await startChild({
    command: process.execPath,
    args: ["--no-warnings", main],
    env: {
      CHAIN_DATA: path.join(folder.path, "data"),
      CHAIN_GENESIS: genesis,
      CHAIN_RPC_LISTEN: `127.0.0.1:${port}`,
      CHAIN_CALL_THREADS: threads,
      CHAIN_CALL_TIMEOUT_MS: "2000",
    },
    ready: /process ready/,
    deadlineMs: 30_000,
  });
  const started = residentMebibytes(shard.pid);
  // Endless, so that each has a thread of its own.
  await onEvery(threads, () => call(url, "eth_call", { to: contract, gas: "0x2faf080" }, "latest", loop));
  const called = residentMebibytes(shard.pid);
  // All but one may be at something long.
  await onEvery(threads, () => call(url, "debug_traceCall", { to: contract }, "latest", { stateOverrides: loop }));
  process.stdout.write(`${line(threads, started, called, residentMebibytes(shard.pid))}\n`);
  await shard.stop();
  await folder.remove();
}

async function onEvery(threads: string, ask: () => Promise<unknown>): Promise<void> {
  await Promise.all(Array.from({ length: Number(threads) }, ask));
}

function residentMebibytes(pid: number): number {
  const [, kibibytes] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Math.round(Number(kibibytes) / 1_024);
}
