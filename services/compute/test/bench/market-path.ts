import { availableParallelism, cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { startTestPostgres } from "@koinon/testkit/postgres";
import { PostgresMoneyStore } from "../../src/market/accounts/postgres-money-store.ts";
import { PostgresInstanceStore } from "../../src/market/reconcile/postgres-instance-store.ts";
import { PostgresRegistryStore } from "../../src/market/registry/postgres-registry-store.ts";
import { completionOf, eventsOf } from "../market/scripted-provider.ts";
import { chatOffer, TestMarket } from "../market/test-market.ts";

// Time that the market adds to a provider in the same process that answers at once, on a database that flushes every commit.
// CPU is this process's, test provider included, PostgreSQL not. Run: node test/bench/market-path.ts

const migrations = [{ schema: "compute", directory: fileURLToPath(new URL("../../migrations", import.meta.url)) }];
const postgres = await startTestPostgres({ durability: "full" });
const database = (await postgres.database(migrations)).open({ schema: "compute" });
const stores = {
  money: new PostgresMoneyStore({}, { database }),
  registry: new PostgresRegistryStore({ database }),
  instances: new PostgresInstanceStore({ database }),
};
// Nobody sends heartbeats here.
const market = await new TestMarket(stores, { env: { MARKET_HEARTBEAT_INTERVAL_MS: "60000" } }).start(10n ** 15n);
const provider = await market.join("alpha", [chatOffer], { capacity: 1_000n });
const print = (line: string) => process.stdout.write(`${line}\n`);
print(`${availableParallelism()} × ${cpus()[0]?.model}`);

async function measure(name: string, rounds: number, concurrency: number): Promise<void> {
  const times: number[] = [];
  const client = async () => {
    for (let round = 0; round < rounds / concurrency; round++) {
      const startedAt = performance.now();
      const { error } = await market.ask();
      if (error !== undefined) throw error;
      times.push(performance.now() - startedAt);
    }
  };
  const startedAt = performance.now();
  const cpu = process.cpuUsage();
  await Promise.all(Array.from({ length: concurrency }, client));
  const perSecond = times.length / ((performance.now() - startedAt) / 1_000);
  const { user, system } = process.cpuUsage(cpu);
  const cpuMs = ((user + system) / 1_000 / times.length).toFixed(3);
  times.sort((left, right) => left - right);
  const at = (share: number) => (times[Math.floor(times.length * share)] ?? 0).toFixed(3);
  print(`${name}: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, ${perSecond.toFixed(0)} requests/s, ${cpuMs} ms CPU each`);
}

provider.script = { chunks: [completionOf("hello")] };
await measure("warm-up", 2_000, 8);
await measure("whole answer, 1 at a time", 2_000, 1);
await measure("whole answer, 16 at a time", 6_000, 16);
await measure("whole answer, 64 at a time", 8_000, 64);
provider.script = { contentType: "text/event-stream", chunks: eventsOf(Array(1_000).fill("word")) };
await measure("stream of 1001 frames, 4 at a time", 200, 4);
await market.stop();
await postgres.stop();
process.exit();
