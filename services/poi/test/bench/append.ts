// How many receipts a second become durable entries: settled events on an in-process bus, verified, appended with group commit to a
// PostgreSQL that syncs to disk, checkpoints published all the while. Run: node test/bench/append.ts [receipts]

import os from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { MemoryBus } from "@koinon/bus/memory-bus";
import { LogServiceDefinition, ReceiptsLogged } from "@koinon/contracts/koinon/poi/v1/log_service";
import { SampleProvider } from "@koinon/contributions/sample-work";
import { createClient } from "@koinon/rpc/client";
import { LocalServices } from "@koinon/rpc/in-process";
import { systemClock as clock } from "@koinon/runtime/clock";
import { createLogger } from "@koinon/runtime/logger";
import { startTestPostgres } from "@koinon/testkit/postgres";
import { metrics } from "@opentelemetry/api";
import { poiMigrations } from "../../src/migrations.ts";
import { Poi } from "../../src/poi.ts";
import { configOf } from "../poi-fixture.ts";
import { settledEvent } from "../settled-events.ts";

const receipts = Number(process.argv[2] ?? 30_000);
// As many as the market's outbox relay of a busy deployment would have under way.
const inFlight = 2_048;

const postgres = await startTestPostgres({ durability: "full" });
const place = await postgres.database([poiMigrations]);
const bus = new MemoryBus({}, { clock });
let logged = 0;
await bus.consume({
  ...{ durable: "market", subject: "koinon.poi.v1.logged.>", maxDeliveries: 3 },
  handler: async ({ payload }) => {
    logged += ReceiptsLogged.decode(payload).receipts.length;
  },
});
const log = createLogger({ name: "poi", level: "warn", clock });
const config = { ...configOf(place.url), batchMax: 1_024, concurrency: 2_048, checkpointIntervalMs: 200 };
const poi = new Poi(config, { clock, log, meter: metrics.getMeter("bench"), bus });
await poi.start();

const providers = Array.from({ length: 3 }, (_, i) => new SampleProvider(`bench ${i}`));
const events = Array.from({ length: receipts }, (_, i) => providers[i % 3]?.serve(i % 30))
  .filter((work) => work !== undefined)
  .map((work) => settledEvent(work));

const latencies: number[] = [];
const cpuBefore = process.cpuUsage();
const startedAt = clock.monotonicMs();
let next = 0;
const publish = async () => {
  for (let event = events[next++]; event !== undefined; event = events[next++]) {
    const sentAt = clock.monotonicMs();
    await bus.publish(event);
    latencies.push(clock.monotonicMs() - sentAt);
  }
};
await Promise.all(Array.from({ length: inFlight }, publish));
const seconds = (clock.monotonicMs() - startedAt) / 1_000;
const cpu = process.cpuUsage(cpuBefore);
while (logged < receipts) await delay(10);

const database = place.open({ schema: "poi" });
const [counted] = await database.query<{ size: bigint; published: bigint; entries: bigint }>(
  "SELECT size, (SELECT max(size) FROM checkpoints) AS published, (SELECT count(*) FROM log_entries) AS entries FROM log_tree",
);
const services = new LocalServices({ clock });
for (const binding of poi.services) services.add(binding);
const client = createClient(LogServiceDefinition, services.channel("gateway"), {}, { clock });
const proofLatencies: number[] = [];
const proved = await database.query<{ document_id: Buffer }>(
  "SELECT document_id FROM log_entries WHERE certificate_index IS NOT NULL ORDER BY document_id LIMIT 1000",
);
for (const { document_id } of proved) {
  const askedAt = clock.monotonicMs();
  await client.getInclusionProof({ receiptId: document_id, waitMs: 1_000 });
  proofLatencies.push(clock.monotonicMs() - askedAt);
}
const percentile = (values: number[], share: number) => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) * share)]?.toFixed(1);
};
const rows = {
  hardware: `${os.cpus().length} × ${os.cpus()[0]?.model}, ${Math.round(os.totalmem() / 2 ** 30)} GiB, Node ${process.version}`,
  receipts,
  "entries in the log": `${counted?.entries} (tree ${counted?.size}, published ${counted?.published})`,
  "durable receipts/s": Math.round(receipts / seconds),
  [`latency with ${inFlight} in flight, ms p50 / p99`]: `${percentile(latencies, 0.5)} / ${percentile(latencies, 0.99)}`,
  "inclusion proof with predecessor, ms p50 / p99": `${percentile(proofLatencies, 0.5)} / ${percentile(proofLatencies, 0.99)}`,
  "CPU of this process, cores": ((cpu.user + cpu.system) / 1e6 / seconds).toFixed(2),
};
for (const [name, value] of Object.entries(rows)) process.stdout.write(`${name.padEnd(48)} ${value}\n`);
await poi.quiesce();
await poi.stop();
await bus.close();
await postgres.stop();
