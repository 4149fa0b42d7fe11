import { expect, test } from "@jest/globals";
import { FakeClock } from "@koinon/testkit/fake-clock";
import { waitFor } from "@koinon/testkit/wait-for";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { MemoryMoneyStore } from "../../src/market/accounts/memory-money-store.ts";
import { MemoryInstanceStore } from "../../src/market/reconcile/memory-instance-store.ts";
import { MemoryRegistryStore } from "../../src/market/registry/memory-registry-store.ts";
import { eventsOf, unavailable } from "../market/scripted-provider.ts";
import { TestMarket } from "../market/test-market.ts";

test("everything that is declared is emitted, and no label names anybody", async () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const meters = new MeterProvider({ readers: [reader] });
  const clock = new FakeClock();
  const stores = {
    money: new MemoryMoneyStore(),
    registry: new MemoryRegistryStore(),
    instances: new MemoryInstanceStore(),
  };
  const env = { MARKET_UNLOGGED_MS: "100" };
  const market = await new TestMarket(stores, { clock, env, meter: meters.getMeter("market") }).start();
  const provider = await market.join("alpha");
  // An answer whose settlement nobody logs, one whose client leaves, one that breaks, one that is a lie.
  await market.ask();
  provider.script = { contentType: "text/event-stream", chunks: eventsOf(["one", "two"]) };
  for await (const { part } of market.client.infer(market.request())) if (part?.$case === "chunk") break;
  await market.client.submitReceipts({ receipts: provider.journal.slice(0, 1) });
  await waitFor(async () => (await market.records())[0]?.relayedBy === undefined, { what: "the relay is over" });
  provider.script = { breakAt: { place: 0, error: unavailable() } };
  await market.ask();
  provider.script = { receipt: { fee: 7n } };
  await market.ask();
  clock.advance(60_000);
  await waitFor(async () => (await market.balance()).reserved === 0n, {
    what: "the reservation that was left expires",
  });
  const emitted = await waitFor(async () => {
    await reader.forceFlush();
    const metrics = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
    return metrics.some(({ descriptor }) => descriptor.name === "market.settlements.republished") && metrics;
  });
  expect(new Set(emitted.map(({ descriptor }) => descriptor.name))).toEqual(
    new Set([
      ...[
        "market.requests",
        "market.attempts",
        "market.voids",
        "market.settlements",
        "market.first_byte",
        "market.reserve",
      ],
      ...["market.receipts.refused", "market.receipts.submitted", "market.reservations.expired"],
      ...["market.settlements.republished", "market.settlements.pending", "market.requests.active"],
      ...["market.requests.waiting", "market.providers"],
    ]),
  );
  const labels = emitted.flatMap(({ dataPoints }) => dataPoints.flatMap(({ attributes }) => Object.values(attributes)));
  expect(labels.filter((label) => /alpha|0x|test-model/.test(String(label)))).toEqual([]);
  await market.stop();
  await meters.shutdown();
});
