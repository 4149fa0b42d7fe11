// Reserve and settle against PostgreSQL: operations per second and latency. Run: node services/compute/test/bench/money-store.ts
import os from "node:os";
import { fileURLToPath } from "node:url";
import { startTestPostgres } from "@koinon/testkit/postgres";
import { PostgresMoneyStore } from "../../src/market/accounts/postgres-money-store.ts";
import { address, reservation, SessionSample } from "../market/money-samples.ts";

const seconds = Number(process.argv[2] ?? "4");
const directory = fileURLToPath(new URL("../../migrations", import.meta.url));
const postgres = await startTestPostgres({ durability: "full" });

function summary(latencies: number[]): string {
  const sorted = latencies.sort((left, right) => left - right);
  const at = (share: number) => (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(2).padStart(7);
  return `p50 ${at(0.5)} ms  p99 ${at(0.99)} ms`;
}

/** With reservations on disk, or never flushed at all (to see what flushing costs). */
type Mode = "durable" | "no flush";

/** Reserve, then settle in the background as the market does; the client waits for the reservation alone. */
async function measure(inFlight: number, budgets: number, mode: Mode): Promise<void> {
  const place = await postgres.database([{ schema: "compute", directory }]);
  const settings: Record<string, string> = mode === "no flush" ? { synchronous_commit: "off" } : {};
  const database = place.open({ schema: "compute", settings });
  const store = new PostgresMoneyStore({}, { database });
  for (let budget = 0; budget < budgets; budget += 1) {
    const accountId = `budget-${budget}`;
    await store.openAccount({
      requestId: accountId,
      accountId,
      consumer: address(accountId),
      limit: 10n ** 15n,
      now: 0,
    });
  }
  const reserves: number[] = [];
  const settles: number[] = [];
  let requests = 0;
  let measuring = false;
  let running = true;
  const worker = async (id: number) => {
    const accountId = `budget-${id % budgets}`;
    const provider = ["ada", "bea", "cyd"][id % 3] ?? "ada";
    const session = new SessionSample(provider, `bench ${id}`);
    let settling: Promise<unknown> = Promise.resolve();
    for (let round = 0; running; round += 1) {
      const request = `request ${id} ${round}`;
      const wanted = reservation(request, accountId, 500n, { from: provider });
      const begin = performance.now();
      const outcome = await store.reserve(wanted);
      if (outcome !== "reserved") throw new Error(outcome);
      const reserved = performance.now();
      // At most one settle per worker waits, as a client that asks one question after the other would leave behind.
      await settling;
      const settle = session.next(request, 120n);
      const begun = performance.now();
      settling = store.settle(settle).then((result) => {
        if (result !== "settled") throw new Error(result);
        if (measuring) settles.push(performance.now() - begun);
      });
      if (measuring) {
        requests += 1;
        reserves.push(reserved - begin);
      }
    }
    await settling;
  };
  const workers = Array.from({ length: inFlight }, (_, id) => worker(id));
  await new Promise((resolve) => setTimeout(resolve, 500));
  measuring = true;
  const cpuBefore = process.cpuUsage();
  const started = performance.now();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  measuring = false;
  const elapsed = performance.now() - started;
  const cpu = process.cpuUsage(cpuBefore);
  running = false;
  await Promise.all(workers);
  const faults = await database.query("SELECT * FROM ledger_faults");
  if (faults.length > 0) throw new Error(`books do not balance: ${JSON.stringify(faults)}`);
  const rate = Math.round((requests * 1_000) / elapsed);
  const clientShare = ((cpu.user + cpu.system) / 1_000 / elapsed).toFixed(2);
  const name = `${inFlight} in flight, ${budgets} budget(s), ${mode}`;
  process.stdout.write(
    `${name.padEnd(36)} ${String(rate).padStart(6)} requests/s  reserve ${summary(reserves)}  settle ${summary(settles)}  client ${clientShare} cores\n`,
  );
  await database.close();
}

const cpus = os.cpus();
process.stdout.write(
  `${cpus.length} x ${cpus[0]?.model}, ${Math.round(os.totalmem() / 2 ** 30)} GiB, Node ${process.version}\n`,
);
for (const mode of ["durable", "no flush"] as const) {
  for (const inFlight of [1, 16, 64, 256]) await measure(inFlight, 1, mode);
}
await measure(256, 64, "durable");
await postgres.stop();
