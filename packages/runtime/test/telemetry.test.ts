import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "@jest/globals";
import { bindService } from "@koinon/rpc/binding";
import { createClient } from "@koinon/rpc/client";
import { createGrpcChannel } from "@koinon/rpc/grpc-channel";
import { GrpcServer } from "@koinon/rpc/grpc-server";
import { LocalServices } from "@koinon/rpc/in-process";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { systemClock } from "../src/clock.ts";
import { createTelemetry, type Telemetry } from "../src/telemetry.ts";
import { GreeterDefinition } from "./greeter.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly attributes: { key: string; value: { stringValue?: string } }[];
}

/** Takes what an OTLP/HTTP exporter sends. */
async function startCollector(): Promise<{ url: string; spans: Span[] }> {
  const spans: Span[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString()) as {
      resourceSpans: { scopeSpans: { spans: Span[] }[] }[];
    };
    spans.push(...body.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)));
    response.writeHead(200, { "content-type": "application/json" }).end("{}");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanups.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, spans };
}

/** A client of a greeter, over a socket to a relay that asks another greeter in its process. */
async function chain(telemetry: Telemetry) {
  const observer = telemetry.rpcObserver;
  const deps = { clock: systemClock, ...(observer === undefined ? {} : { observer }) };
  const greeter = (greet: (text: string) => Promise<string>) =>
    bindService({
      definition: GreeterDefinition,
      callers: "any",
      faults: {},
      handlers: { greet: async ({ text }) => ({ text: await greet(text) }) },
    });
  const inner = new LocalServices(deps);
  inner.add(greeter(async (text) => `hello ${text}`));
  const innerClient = createClient(GreeterDefinition, inner.channel("relay"), {}, deps);
  const outer = new LocalServices(deps);
  const dispatcher = outer.add(greeter(async (text) => (await innerClient.greet({ text })).text));
  const folder = await temporaryFolder();
  const server = new GrpcServer({ security: { kind: "plaintext" } }, deps);
  server.add(dispatcher);
  const address = await server.listen(`unix:${folder.path}/x.sock`);
  const channel = createGrpcChannel({ address, security: { kind: "plaintext", caller: "x" }, definitions: [] }, deps);
  cleanups.push(async () => {
    channel.close();
    await server.stop(AbortSignal.abort());
    await folder.remove();
  });
  return createClient(GreeterDefinition, channel, {}, deps);
}

describe("metrics", () => {
  test("every call is counted and timed on both sides, by method and status", async () => {
    const telemetry = createTelemetry({ service: "test", metrics: true }, systemClock);
    cleanups.push(() => telemetry.close());
    const client = await chain(telemetry);
    for (let call = 0; call < 3; call += 1) await client.greet({ text: "Ada" });
    await expect(client.greet({ text: "Ada" }, { timeoutMs: 0 })).rejects.toThrow("DEADLINE_EXCEEDED");
    const text = await telemetry.metricsText();
    const labels = 'rpc_service="test.v1.Greeter",rpc_method="Greet"';
    // Three calls from outside and three within the process.
    expect(text).toContain(`rpc_server_duration_seconds_count{${labels},rpc_status="OK"} 6`);
    expect(text).toContain(`rpc_client_duration_seconds_count{${labels},rpc_status="OK"} 3`);
    expect(text).toContain(`rpc_server_active_calls{${labels}} 0`);
    expect(text).toMatch(/^# TYPE rpc_server_duration_seconds histogram$/m);
  });

  test("what is off costs nothing and says nothing", async () => {
    const telemetry = createTelemetry({ service: "test", metrics: false }, systemClock);
    expect(telemetry.rpcObserver).toBeUndefined();
    telemetry.meter("x").createCounter("y").add(1);
    telemetry.tracer("x").startSpan("y").end();
    expect(await telemetry.metricsText()).toBe("");
    await telemetry.flush();
    await telemetry.close();
  });
});

describe("traces", () => {
  test("one trace goes through a socket and through calls within the process", async () => {
    const collector = await startCollector();
    const telemetry = createTelemetry({ service: "test", metrics: false, otlpEndpoint: collector.url }, systemClock);
    const client = await chain(telemetry);
    await telemetry.tracer("test").startActiveSpan("root", async (span) => {
      await client.greet({ text: "Ada" });
      span.end();
    });
    await telemetry.flush();
    const byId = new Map(collector.spans.map((span) => [span.spanId, span]));
    const [inner] = collector.spans.filter(({ name, kind, spanId }) => {
      const isLeaf = !collector.spans.some(({ parentSpanId }) => parentSpanId === spanId);
      return name === "test.v1.Greeter/Greet" && kind === 2 && isLeaf;
    });
    const path: string[] = [];
    for (let span: Span | undefined = inner; span !== undefined; span = byId.get(span.parentSpanId ?? "")) {
      path.push(`${span.kind === 3 ? "client" : span.kind === 2 ? "server" : "own"} ${span.name}`);
    }
    expect(path).toEqual([
      "server test.v1.Greeter/Greet",
      "server test.v1.Greeter/Greet",
      "client test.v1.Greeter/Greet",
      "own root",
    ]);
    expect(new Set(collector.spans.map(({ traceId }) => traceId)).size).toBe(1);
    expect(inner?.attributes).toContainEqual({ key: "rpc.response.status_code", value: { stringValue: "OK" } });
    await telemetry.close();
  });
});
