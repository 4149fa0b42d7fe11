import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "@jest/globals";
import { startChild } from "@koinon/testkit/child-process";
import { waitFor } from "@koinon/testkit/wait-for";
import { bindService } from "../src/binding.ts";
import { createClient } from "../src/client.ts";
import { Dispatcher } from "../src/dispatcher.ts";
import { createGrpcChannel } from "../src/grpc-channel.ts";
import { GrpcServer } from "../src/grpc-server.ts";
import type { Client } from "../src/handler.ts";
import { RpcError } from "../src/rpc-error.ts";
import { callFailure } from "./call-failure.ts";
import { createEchoService, EchoWitness, echoRequest } from "./echo-service.ts";
import { EchoServiceDefinition } from "./gen/echo.ts";
import { clock } from "./transports.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const plaintext = { kind: "plaintext", loopback: true } as const;

function clientFor(address: string): Client<EchoServiceDefinition> {
  const channel = createGrpcChannel(
    { address, security: { ...plaintext, caller: "gateway" }, definitions: [EchoServiceDefinition] },
    { clock },
  );
  cleanups.push(() => channel.close());
  return createClient(EchoServiceDefinition, channel, {}, { clock });
}

async function startServer(address = "127.0.0.1:0") {
  const witness = new EchoWitness();
  const dispatcher = new Dispatcher(createEchoService(witness), { clock });
  const server = new GrpcServer({ security: plaintext }, { clock });
  server.add(dispatcher);
  const bound = await server.listen(address);
  const stop = (signal = AbortSignal.abort()): Promise<void> => server.stop(signal);
  cleanups.push(() => stop());
  return { address: bound, witness, stop };
}

async function startServerProcess(address: string) {
  const child = await startChild({
    command: process.execPath,
    args: ["--no-warnings", fileURLToPath(new URL("echo-server-main.ts", import.meta.url)), address],
    ready: /listening on (\S+)/,
  });
  cleanups.push(() => child.kill());
  return { child, address: child.ready?.[1] ?? "" };
}

describe("a server that dies", () => {
  test("mid-stream: the reader gets what came, then UNAVAILABLE, never a clean end", async () => {
    const { child, address } = await startServerProcess("127.0.0.1:0");
    const got: number[] = [];
    const reading = callFailure(
      (async () => {
        for await (const { index } of clientFor(address).download(echoRequest({ count: 3, text: "wait" })))
          got.push(index);
      })(),
    );
    await waitFor(() => got.length === 3);
    await child.kill();
    expect(await reading).toMatchObject({ code: "UNAVAILABLE", status: "UNAVAILABLE" });
    expect(got).toEqual([0, 1, 2]);
  });

  test("unary calls under way fail with UNAVAILABLE and the client comes back to a new server", async () => {
    const first = await startServerProcess("127.0.0.1:0");
    const client = clientFor(first.address);
    const waiting = [1, 2, 3].map(() => callFailure(client.unary(echoRequest({ text: "wait" }))));
    await client.unary(echoRequest());
    await first.child.kill();
    for (const error of await Promise.all(waiting)) expect(error.code).toBe("UNAVAILABLE");
    expect((await callFailure(client.unary(echoRequest(), { timeoutMs: 10_000 }))).code).toBe("UNAVAILABLE");
    await startServerProcess(first.address);
    await waitFor(() => client.unary(echoRequest(), { timeoutMs: 1_000 }));
  });

  test("a server that was never there is UNAVAILABLE with a detail, before the deadline", async () => {
    const { address, stop } = await startServer();
    await stop();
    const error = await callFailure(clientFor(address).unary(echoRequest(), { timeoutMs: 5_000 }));
    expect(error).toMatchObject({ code: "UNAVAILABLE", detail: expect.stringContaining("ECONNREFUSED") });
  });
});

test("a closed channel lets running calls finish and takes no new ones", async () => {
  const { address } = await startServer();
  const channel = createGrpcChannel(
    { address, security: { ...plaintext, caller: "gateway" }, definitions: [] },
    { clock },
  );
  const client = createClient(EchoServiceDefinition, channel, {}, { clock });
  const stream = client.download(echoRequest({ count: 500 }))[Symbol.asyncIterator]();
  await stream.next();
  channel.close();
  expect((await callFailure(client.unary(echoRequest()))).code).toBe("UNAVAILABLE");
  expect((await callFailure(client.download(echoRequest())[Symbol.asyncIterator]().next())).code).toBe("UNAVAILABLE");
  let rest = 0;
  while ((await stream.next()).done !== true) rest += 1;
  expect(rest).toBe(499);
});

test("a connection that does not come about is begun anew, and the calls that wait for it fail", async () => {
  const sockets = new Set<Socket>();
  // Takes connections and never says a word, as a network does that swallows packets.
  const silent = createServer((socket) => void sockets.add(socket)).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const { port } = silent.address() as AddressInfo;
  const channel = createGrpcChannel(
    {
      address: `127.0.0.1:${port}`,
      security: { ...plaintext, caller: "gateway" },
      definitions: [EchoServiceDefinition],
      connectMs: 250,
    },
    { clock },
  );
  cleanups.push(() => channel.close());
  const client = createClient(
    EchoServiceDefinition,
    channel,
    { timeoutMs: 10_000, streamTimeoutMs: 10_000 },
    { clock },
  );
  const read = async () => {
    for await (const _ of client.download(echoRequest({ count: 1 })));
  };
  const failures = await Promise.all([callFailure(read()), callFailure(client.unary(echoRequest()))]);
  expect(failures.map(({ code }) => code)).toEqual(["UNAVAILABLE", "UNAVAILABLE"]);
  // More patience the next time, and a connection of its own.
  await callFailure(read());
  await waitFor(() => sockets.size === 2);
  for (const socket of sockets) socket.destroy();
  silent.close();
  await once(silent, "close");
  await startServer(`127.0.0.1:${port}`);
  await waitFor(() =>
    read().then(
      () => true,
      () => false,
    ),
  );
});

describe("several servers behind one name", () => {
  test("calls go to each in turn", async () => {
    const [one, two] = [await startServer(), await startServer()];
    const client = clientFor(`ipv4:${one.address},${two.address}`);
    await waitFor(async () => {
      await client.unary(echoRequest());
      return one.witness.contexts.length > 0 && two.witness.contexts.length > 0;
    });
    const before = one.witness.contexts.length;
    for (let call = 0; call < 20; call += 1) await client.unary(echoRequest());
    expect(one.witness.contexts.length - before).toBe(10);
  });

  test("one drains under load: no call that may be retried fails", async () => {
    const [one, two] = [await startServer(), await startServer()];
    const client = clientFor(`ipv4:${one.address},${two.address}`);
    let answered = 0;
    let stopped = false;
    const errors: string[] = [];
    const load = Array.from({ length: 16 }, async () => {
      while (!stopped) {
        await client.repeatable(echoRequest()).then(
          () => (answered += 1),
          (error: RpcError) => errors.push(`${error.code} ${error.detail}`),
        );
      }
    });
    await waitFor(() => one.witness.contexts.length > 100 && two.witness.contexts.length > 100);
    await one.stop(AbortSignal.timeout(5_000));
    const after = answered;
    await waitFor(() => answered > after + 200);
    stopped = true;
    await Promise.all(load);
    expect(errors).toEqual([]);
  });
});

test("connections that end of age under load fail no call, not even one that may not be retried", async () => {
  const dispatcher = new Dispatcher(createEchoService(new EchoWitness()), { clock });
  const server = new GrpcServer({ security: plaintext, connectionAgeMs: 50 }, { clock });
  server.add(dispatcher);
  const client = clientFor(await server.listen("127.0.0.1:0"));
  cleanups.push(() => server.stop(AbortSignal.abort()));
  const errors: string[] = [];
  const until = Date.now() + 1_000;
  const load = Array.from({ length: 8 }, async () => {
    while (Date.now() < until) {
      await client.unary(echoRequest()).catch((error: RpcError) => errors.push(`${error.code} ${error.detail}`));
      for await (const _ of client.download(echoRequest({ count: 20 })));
    }
  });
  await Promise.all(load);
  expect(errors).toEqual([]);
});

describe("a call that goes on for longer than its connection is kept alive between two pings", () => {
  const keepaliveMs = 100;
  /** A stream whose answer takes until it is released. */
  async function startPatient(connectionAgeMs: number) {
    const released = Promise.withResolvers<void>();
    const witness = new EchoWitness();
    const binding = createEchoService(witness);
    const patient = bindService({
      definition: EchoServiceDefinition,
      callers: "any",
      faults: {},
      handlers: {
        ...(binding.handlers as Parameters<typeof bindService<EchoServiceDefinition>>[0]["handlers"]),
        download: async function* (request, context) {
          witness.enter(context);
          await released.promise;
          yield { text: request.text, payload: Buffer.alloc(0), index: 0, number: 0n, caller: "" };
        },
      },
    });
    const server = new GrpcServer({ security: plaintext, connectionAgeMs, keepaliveMs }, { clock });
    server.add(new Dispatcher(patient, { clock }));
    const address = await server.listen("127.0.0.1:0");
    const channel = createGrpcChannel(
      {
        address,
        security: { ...plaintext, caller: "gateway" },
        definitions: [EchoServiceDefinition],
        keepaliveMs,
      },
      { clock },
    );
    cleanups.push(() => server.stop(AbortSignal.abort()));
    cleanups.push(() => channel.close());
    const client = createClient(EchoServiceDefinition, channel, {}, { clock });
    const answer = (async () => {
      const texts: string[] = [];
      for await (const { text } of client.download(echoRequest({ text: "late", count: 1 }))) texts.push(text);
      return texts;
    })().catch((error: RpcError) => `${error.code} ${error.detail}`);
    await waitFor(() => witness.contexts.length === 1);
    const pings = async (count: number) => {
      const until = Date.now() + count * keepaliveMs;
      await waitFor(() => Date.now() >= until);
    };
    return { server, answer, pings, release: () => released.resolve() };
  }

  test("is answered when the connection came of age meanwhile", async () => {
    const { answer, pings, release } = await startPatient(50);
    await pings(5);
    release();
    expect(await answer).toEqual(["late"]);
  });

  test("is answered by a server that ends meanwhile", async () => {
    const { server, answer, pings, release } = await startPatient(60_000);
    const stopped = server.stop(AbortSignal.timeout(10_000));
    await pings(5);
    release();
    expect(await answer).toEqual(["late"]);
    await stopped;
  });
});

describe("retries", () => {
  async function startFlaky() {
    const calls = { unary: 0, repeatable: 0 };
    const answer = async (kind: "unary" | "repeatable") => {
      calls[kind] += 1;
      if (calls[kind] < 3) throw new RpcError("UNAVAILABLE", { status: "UNAVAILABLE" });
      return { text: "", payload: Buffer.alloc(0), index: calls[kind], number: 0n, caller: "" };
    };
    const binding = createEchoService(new EchoWitness());
    const flaky = bindService({
      definition: EchoServiceDefinition,
      callers: "any",
      faults: {},
      handlers: {
        ...(binding.handlers as Parameters<typeof bindService<EchoServiceDefinition>>[0]["handlers"]),
        unary: () => answer("unary"),
        repeatable: () => answer("repeatable"),
      },
    });
    const server = new GrpcServer({ security: plaintext }, { clock });
    server.add(new Dispatcher(flaky, { clock }));
    const address = await server.listen("127.0.0.1:0");
    cleanups.push(() => server.stop(AbortSignal.abort()));
    return { address, calls };
  }

  test("UNAVAILABLE is retried for methods declared idempotent and for no other", async () => {
    const { address, calls } = await startFlaky();
    const client = clientFor(address);
    expect((await client.repeatable(echoRequest())).index).toBe(3);
    expect((await callFailure(client.unary(echoRequest()))).code).toBe("UNAVAILABLE");
    expect(calls).toEqual({ unary: 1, repeatable: 3 });
  });
});
