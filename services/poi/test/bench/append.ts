// How many receipts a second become durable entries, and how fast they are proved: settled events on an in-process bus, verified,
// appended with group commit to a PostgreSQL that syncs to disk, checkpoints published all the while; beside it the same entries in a
// plain table of the same server. Run: node test/bench/append.ts [receipts] [--json]

import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { MemoryBus } from "@koinon/bus/memory-bus";
import { LogServiceDefinition, ReceiptsLogged } from "@koinon/contracts/koinon/poi/v1/log_service";
import { SampleProvider, type SampleWork } from "@koinon/contributions/sample-work";
import { createClient } from "@koinon/rpc/client";
import { LocalServices } from "@koinon/rpc/in-process";
import { systemClock as clock } from "@koinon/runtime/clock";
import { createLogger } from "@koinon/runtime/logger";
import type { AppendFigures, Percentiles } from "@koinon/testkit/append-bench-figures";
import { startTestPostgres, type TestDatabase } from "@koinon/testkit/postgres";
import { metrics } from "@opentelemetry/api";
import { poiMigrations } from "../../src/migrations.ts";
import { Poi } from "../../src/poi.ts";
import { configOf } from "../poi-fixture.ts";
import { settledEvent } from "../settled-events.ts";
import { PlainTable } from "./plain-insert.ts";

// As many as the market's outbox relay of a busy deployment would have under way.
const inFlight = 2_048;
const batchMax = 1_024;
const proofs = 1_000;

const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: "boolean" } } });
const receipts = Number(positionals[0] ?? 30_000);
const providers = Array.from({ length: 3 }, (_, i) => new SampleProvider(`bench ${i}`));
const works = Array.from({ length: receipts }, (_, i) => providers[i % 3]?.serve(i % 30)).filter(
  (work) => work !== undefined,
);
const postgres = await startTestPostgres({ durability: "full" });
try {
  const plain = new PlainTable((await postgres.database()).open());
  const plainPerSecond = await plain.insert(works, batchMax);
  const appended = await append(works, await postgres.database([poiMigrations]));
  print({ receipts, ...appended, plainPerSecond, plainReadMs: percentiles(await plain.read(proofs)) });
} finally {
  await postgres.stop();
}

async function append(all: readonly SampleWork[], place: TestDatabase) {
  const bus = new MemoryBus({}, { clock });
  let logged = 0;
  await bus.consume({
    ...{ durable: "market", subject: "koinon.poi.v1.logged.>", maxDeliveries: 3 },
    handler: async ({ payload }) => {
      logged += ReceiptsLogged.decode(payload).receipts.length;
    },
  });
  const log = createLogger({ name: "poi", level: "warn", clock });
  const config = { ...configOf(place.url), batchMax, concurrency: 2_048, checkpointIntervalMs: 200 };
  const poi = new Poi(config, { clock, log, meter: metrics.getMeter("bench"), bus });
  await poi.start();
  const events = all.map((work) => settledEvent(work));
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
  while (logged < all.length) await delay(10);
  const proofMs = percentiles(await prove(poi, place));
  await poi.quiesce();
  await poi.stop();
  await bus.close();
  return {
    ...{ perSecond: all.length / seconds, inFlight, appendMs: percentiles(latencies), proofMs },
    cpuCores: (cpu.user + cpu.system) / 1e6 / seconds,
  };
}

/** Asks for the inclusion of receipts, one after the other, spread over the tree (ids are hashes); answers milliseconds. */
async function prove(poi: Poi, place: TestDatabase): Promise<number[]> {
  const services = new LocalServices({ clock });
  for (const binding of poi.services) services.add(binding);
  const client = createClient(LogServiceDefinition, services.channel("gateway"), {}, { clock });
  const asked = await place
    .open({ schema: "poi" })
    .query<{ document_id: Buffer }>(
      "SELECT document_id FROM log_entries WHERE certificate_index IS NOT NULL ORDER BY document_id LIMIT $1",
      [proofs],
    );
  const latencies: number[] = [];
  for (const { document_id } of asked) {
    const askedAt = clock.monotonicMs();
    await client.getInclusionProof({ receiptId: document_id, waitMs: 1_000, anchor: undefined });
    latencies.push(clock.monotonicMs() - askedAt);
  }
  return latencies;
}

function percentiles(all: readonly number[]): Percentiles {
  const sorted = all.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99) };
}

function print(figures: AppendFigures): void {
  const text = values.json ? JSON.stringify(figures) : JSON.stringify(figures, null, 2);
  process.stdout.write(`${text}\n`);
}
