import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { startTestPostgres, type TestPostgres } from "@koinon/testkit/postgres";
import { waitFor } from "@koinon/testkit/wait-for";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { type RunningGateway, startGateway } from "../fixture/start-gateway.ts";
import { TestFault } from "../fixture/test-fault.ts";

let postgres: TestPostgres;
let running: RunningGateway;
const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
const provider = new MeterProvider({ readers: [reader] });

beforeAll(async () => {
  postgres = await startTestPostgres();
  running = await startGateway(postgres, {
    meter: provider.getMeter("gateway"),
    env: { REDIS_URL: "redis://127.0.0.1:1" },
  });
});
afterAll(async () => {
  await running.stop();
  await provider.shutdown();
  await postgres.stop();
});

interface Point {
  readonly attributes: Record<string, unknown>;
  readonly value: number | { readonly count: number };
}

async function collect(): Promise<Map<string, readonly Point[]>> {
  exporter.reset();
  await reader.forceFlush();
  const metrics = exporter.getMetrics().flatMap((batch) => batch.scopeMetrics.flatMap((scope) => scope.metrics));
  return new Map(metrics.map((metric) => [metric.descriptor.name, metric.dataPoints as readonly Point[]]));
}

describe("metrics", () => {
  test("everything that is declared is emitted, with bounded labels", async () => {
    const body = { model: "m", messages: [] };
    const post = (options: object = {}) => running.call("POST", "/v1/chat/completions", { body, ...options });
    await post();
    running.market.behaviour = async function* () {
      yield* [];
      throw new TestFault("MODEL_UNKNOWN");
    };
    await post();
    running.market.behaviour = (request) => running.market.answer(request);
    const limited = (await (
      await running.call("POST", "/v1/keys", { body: { name: "l", budget: "5", requests_per_minute: 1 } })
    ).json()) as { key: string };
    await post({ key: limited.key });
    await post({ key: limited.key });
    running.market.accountFault = new TestFault("MARKET_DOWN");
    await running.call("POST", "/v1/keys", {
      body: { name: "u", budget: "5" },
      headers: { "idempotency-key": "unfinished" },
    });
    const metrics = await waitFor(async () => {
      const now = await collect();
      return now.has("gateway.keys.unfinished") ? now : undefined;
    });
    running.market.accountFault = undefined;
    expect([...metrics.keys()].sort()).toEqual([
      "gateway.body_bytes",
      "gateway.errors",
      "gateway.inference.answer_bytes",
      "gateway.inference.duration",
      "gateway.inference.first_byte",
      "gateway.keys.unfinished",
      "gateway.rate_limit.degraded",
      "gateway.rate_limit.failures",
      "gateway.rate_limited",
      "gateway.requests",
    ]);
    const labels = (name: string) => metrics.get(name)?.map(({ attributes }) => attributes);
    expect(labels("gateway.inference.duration")).toEqual([{ operation: "chat.completions", outcome: "complete" }]);
    expect(labels("gateway.errors")).toEqual(
      expect.arrayContaining([
        { status: "404", code: "MODEL_UNKNOWN" },
        { status: "429", code: "RATE_LIMITED" },
        { status: "503", code: "MARKET_DOWN" },
      ]),
    );
    expect(labels("gateway.rate_limited")).toEqual([{ access: "inference" }]);
    expect(metrics.get("gateway.inference.answer_bytes")?.[0]?.value).toBe(20);
    expect(metrics.get("gateway.rate_limit.degraded")?.[0]?.value).toBe(1);
    expect(running.gateway.health()).toMatchObject({ status: "degraded" });
  });

  test("nothing stays in hand, also after clients that hung up", async () => {
    running.market.behaviour = async function* () {
      yield running.market.head("text/event-stream");
      yield { part: { $case: "chunk", value: Buffer.from("data: 1\n\n") } };
      await new Promise(() => undefined);
    };
    const hangUps = Array.from({ length: 5 }, async () => {
      const abort = new AbortController();
      const response = await fetch(`${running.url}/v1/chat/completions`, {
        method: "POST",
        headers: { authorization: `Bearer ${running.adminKey}`, "content-type": "application/json" },
        body: JSON.stringify({ model: "m", messages: [] }),
        signal: abort.signal,
      });
      expect(response.status).toBe(200);
      abort.abort();
    });
    await Promise.all(hangUps);
    await waitFor(async () => {
      const metrics = await collect();
      const gone = metrics
        .get("gateway.inference.duration")
        ?.find(({ attributes }) => attributes.outcome === "client_gone");
      const count = typeof gone?.value === "object" ? gone.value.count : 0;
      return (
        count === 5 &&
        metrics.get("gateway.requests")?.[0]?.value === 0 &&
        metrics.get("gateway.body_bytes")?.[0]?.value === 0
      );
    });
  });
});
