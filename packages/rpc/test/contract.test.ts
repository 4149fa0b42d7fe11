import { EventEmitter, on } from "node:events";
import { afterEach, describe, expect, test } from "@jest/globals";
import { waitFor } from "@koinon/testkit/wait-for";
import type { ServiceLimits } from "../src/binding.ts";
import { callFailure } from "./call-failure.ts";
import { createEchoService, EchoWitness, echoRequest } from "./echo-service.ts";
import type { EchoResponse } from "./gen/echo.ts";
import { inProcess, mutualTls, type Served, type ServeOptions, unixSocket } from "./transports.ts";

async function collect<T>(iterable: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of iterable) items.push(item);
  return items;
}

async function* endless(payload: Buffer, seen: { sent: number }) {
  for (;;) {
    seen.sent += 1;
    yield echoRequest({ payload });
  }
}

describe.each([inProcess, unixSocket, mutualTls])("$name", (transport) => {
  const open: Served[] = [];
  async function serve(limits: Partial<ServiceLimits> = {}, options?: ServeOptions) {
    const witness = new EchoWitness();
    const served = await transport.serve(createEchoService(witness, limits), options);
    open.push(served);
    return { ...served, witness };
  }
  afterEach(async () => {
    await Promise.all(open.splice(0).map((served) => served.close()));
  });

  test("a unary call carries the message both ways, metadata and who calls", async () => {
    const { client, witness } = await serve();
    const payload = Buffer.from([0, 255, 7]);
    const answer = await client.unary(echoRequest({ text: "grüß", payload, number: 2n ** 63n + 1n }), {
      metadata: { "x-request-id": "req_1" },
    });
    expect(answer).toMatchObject({ text: "grüß", number: 2n ** 63n + 1n });
    expect(Buffer.from(answer.payload)).toEqual(payload);
    expect(answer.caller.replace("local:", "")).toBe("gateway");
    expect(witness.last.metadata.get("x-request-id")).toBe("req_1");
  });

  test("a stream of answers arrives in order and ends", async () => {
    const { client } = await serve();
    const answers = await collect(client.download(echoRequest({ count: 1000, text: "x" })));
    expect(answers.map((answer) => answer.index)).toEqual(Array.from({ length: 1000 }, (_, index) => index));
  });

  test("a stream of requests is summed up, and may be left early", async () => {
    const { client } = await serve();
    const requests = async function* () {
      for (let index = 0; index < 500; index += 1) yield echoRequest({ payload: Buffer.alloc(10) });
    };
    expect((await client.upload(requests())).number).toBe(5000n);
    const seen = { sent: 0 };
    const enough = async function* () {
      yield echoRequest({ text: "enough" });
      yield* endless(Buffer.alloc(100), seen);
    };
    expect((await client.upload(enough())).number).toBe(0n);
  });

  test("requests and answers alternate in a chat", async () => {
    const { client } = await serve();
    const turns = new EventEmitter();
    const heard = on(turns, "turn");
    const requests = async function* () {
      yield echoRequest({ text: "n0" });
      for await (const [text] of heard) yield echoRequest({ text });
    };
    const texts: string[] = [];
    for await (const answer of client.chat(requests())) {
      texts.push(answer.text);
      if (texts.length === 20) break;
      turns.emit("turn", `n${texts.length}`);
    }
    expect(texts).toEqual(Array.from({ length: 20 }, (_, index) => `n${index}`));
  });

  test("a declared fault arrives with reason, facts and status", async () => {
    const { client } = await serve();
    const error = await callFailure(client.unary(echoRequest({ text: "shy" })));
    expect(error.code).toBe("TOO_SHY");
    expect(error.status).toBe("FAILED_PRECONDITION");
    expect(error.facts).toEqual({ text: "grüß", needed: "7" });
    expect(error.message).toBe("TOO_SHY (text=grüß, needed=7)");
    const tired = await callFailure(client.unary(echoRequest({ text: "tired" })));
    expect(tired).toMatchObject({ code: "TIRED", status: "RESOURCE_EXHAUSTED", retryAfterMs: 1500 });
  });

  test("what is not declared is INTERNAL, says nothing and is reported as a bug", async () => {
    const { client, bugs } = await serve();
    for (const text of ["bug", "unlisted"]) {
      const error = await callFailure(client.unary(echoRequest({ text })));
      expect({ code: error.code, facts: error.facts, status: error.status, cause: error.cause }).toEqual({
        code: "INTERNAL",
        facts: {},
        status: "INTERNAL",
        cause: undefined,
      });
    }
    expect(bugs.map(String)).toEqual(["TypeError: a secret of the server", "EchoError: UNLISTED"]);
  });

  test("a fault inside a stream comes after every answer before it, also to a slow reader", async () => {
    const { client } = await serve();
    const got: number[] = [];
    const reading = (async () => {
      for await (const answer of client.download(echoRequest({ count: 100, text: "shy" }))) {
        got.push(answer.index);
        if (answer.index < 5) await new Promise((resolve) => setTimeout(resolve, 5));
      }
    })();
    expect((await callFailure(reading)).code).toBe("TOO_SHY");
    expect(got).toHaveLength(100);
  });

  test("the deadline ends a call that waits and one that ignores everything", async () => {
    const { client, witness, dispatcher } = await serve();
    // The deadline is for the call alone, and not for the handshake before it.
    await client.unary(echoRequest());
    const startedAt = Date.now();
    expect(await callFailure(client.unary(echoRequest({ text: "wait" }), { timeoutMs: 500 }))).toMatchObject({
      code: "DEADLINE_EXCEEDED",
      status: "DEADLINE_EXCEEDED",
    });
    await waitFor(() => witness.last.signal.aborted);
    expect(witness.last.deadline).toBeGreaterThan(startedAt);
    await waitFor(() => dispatcher.activeCalls === 0);
    expect((await callFailure(client.unary(echoRequest({ text: "hang" }), { timeoutMs: 500 }))).code).toBe(
      "DEADLINE_EXCEEDED",
    );
    expect(dispatcher.activeCalls).toBe(1);
  });

  test("the deadline ends a stream between two answers", async () => {
    const { client } = await serve();
    await client.unary(echoRequest());
    const got: EchoResponse[] = [];
    const reading = (async () => {
      const stream = client.download(echoRequest({ count: 3, text: "wait" }), { timeoutMs: 500 });
      for await (const answer of stream) got.push(answer);
    })();
    expect((await callFailure(reading)).code).toBe("DEADLINE_EXCEEDED");
    expect(got).toHaveLength(3);
  });

  test("the service's own limit holds when the caller would wait longer", async () => {
    const { client } = await serve({ maxTimeoutMs: 40 });
    expect((await callFailure(client.unary(echoRequest({ text: "wait" }), { timeoutMs: 20_000 }))).code).toBe(
      "DEADLINE_EXCEEDED",
    );
  });

  test("cancelling reaches the handler and fails the call with the caller's reason", async () => {
    const { client, witness, dispatcher } = await serve();
    const controller = new AbortController();
    const pending = callFailure(client.unary(echoRequest({ text: "wait" }), { signal: controller.signal }));
    await waitFor(() => witness.contexts.length === 1);
    const reason = new Error("changed my mind");
    controller.abort(reason);
    const error = await pending;
    expect(error).toMatchObject({ code: "CANCELLED", status: "CANCELLED", facts: {} });
    expect(error.cause).toBe(reason);
    await waitFor(() => witness.last.signal.aborted && dispatcher.activeCalls === 0);
    expect((await callFailure(client.unary(echoRequest(), { signal: controller.signal }))).code).toBe("CANCELLED");
  });

  test("leaving a stream early stops its handler", async () => {
    const { client, witness, dispatcher } = await serve();
    for await (const answer of client.download(echoRequest({ count: 1_000_000 }))) {
      if (answer.index === 10) break;
    }
    await waitFor(() => witness.finished === 1 && dispatcher.activeCalls === 0);
    expect(witness.produced).toBeLessThan(100_000);
  });

  test("cancelling a stream stops its handler and fails the read under way", async () => {
    const { client, witness, dispatcher } = await serve();
    const controller = new AbortController();
    const reading = callFailure(
      (async () => {
        const options = { signal: controller.signal };
        for await (const _ of client.download(echoRequest({ count: 2, text: "wait" }), options));
      })(),
    );
    await waitFor(() => witness.produced === 2);
    controller.abort();
    expect((await reading).code).toBe("CANCELLED");
    await waitFor(() => witness.finished === 1 && dispatcher.activeCalls === 0);
  });

  test("a slow reader holds the handler back", async () => {
    const { client, witness } = await serve();
    const payload = Buffer.alloc(64 * 1024);
    const stream = client.download(echoRequest({ count: 4096, payload }))[Symbol.asyncIterator]();
    await stream.next();
    // The producer runs until the window, the queues and the socket are full, then stands still.
    let before = -1;
    await waitFor(
      async () => {
        const still = witness.produced === before;
        before = witness.produced;
        return still;
      },
      { intervalMs: 100 },
    );
    expect(witness.produced * payload.length).toBeLessThan(24 * 1024 * 1024);
    await stream.return?.();
  });

  test("a slow handler holds the sender back", async () => {
    const { client, witness } = await serve();
    const seen = { sent: 0 };
    const payload = Buffer.alloc(64 * 1024);
    const controller = new AbortController();
    const requests = async function* () {
      yield echoRequest({ text: "wait" });
      yield* endless(payload, seen);
    };
    const pending = callFailure(client.upload(requests(), { signal: controller.signal }));
    await waitFor(() => witness.consumed === 1);
    let before = -1;
    await waitFor(
      () => {
        const still = seen.sent === before;
        before = seen.sent;
        return still;
      },
      { intervalMs: 100 },
    );
    expect(seen.sent * payload.length).toBeLessThan(24 * 1024 * 1024);
    controller.abort();
    expect((await pending).code).toBe("CANCELLED");
    await waitFor(() => witness.finished === 1);
  });

  test("messages up to the bound pass, larger ones are refused with their size", async () => {
    const { client } = await serve({ maxRequestBytes: 100_000, maxResponseBytes: 100_000 });
    const answer = await client.unary(echoRequest({ payload: Buffer.alloc(99_000, 7) }));
    expect(answer.payload.every((byte) => byte === 7)).toBe(true);
    const error = await callFailure(client.unary(echoRequest({ payload: Buffer.alloc(100_001) })));
    expect(error).toMatchObject({ code: "MESSAGE_TOO_LARGE", status: "RESOURCE_EXHAUSTED" });
    expect(error.facts).toEqual({ sizeBytes: "100005", maxBytes: "100000" });
    const response = await serve({ maxResponseBytes: 1000 });
    const large = echoRequest({ payload: Buffer.alloc(1001), count: 1 });
    expect((await callFailure(response.client.unary(large))).code).toBe("MESSAGE_TOO_LARGE");
    expect((await callFailure(collect(response.client.download(large)))).code).toBe("MESSAGE_TOO_LARGE");
  });

  test("16 MiB go through where the service allows it, 65 MiB nowhere", async () => {
    const bytesMax = 128 * 1024 * 1024;
    const { client } = await serve({ maxRequestBytes: bytesMax, maxResponseBytes: bytesMax });
    const answer = await client.unary(echoRequest({ payload: Buffer.alloc(16 * 1024 * 1024, 1) }));
    expect(answer.payload.length).toBe(16 * 1024 * 1024);
    const error = await callFailure(client.unary(echoRequest({ payload: Buffer.alloc(65 * 1024 * 1024) })));
    expect(error.code).toBe("MESSAGE_TOO_LARGE");
  });

  test("callers that the binding does not list are refused", async () => {
    const { client, witness } = await serve({}, { caller: "intruder" });
    const error = await callFailure(client.unary(echoRequest()));
    expect(error).toMatchObject({ code: "CALLER_REFUSED", status: "PERMISSION_DENIED" });
    expect(error.facts.service).toBe("koinon.rpctest.v1.EchoService");
    expect(error.facts.caller?.replace("local:", "")).toBe("intruder");
    expect((await callFailure(collect(client.download(echoRequest({ count: 1 }))))).code).toBe("CALLER_REFUSED");
    expect(witness.contexts).toHaveLength(0);
  });

  test("one call more than the bound is refused with when to come again", async () => {
    const { client, dispatcher } = await serve({ maxConcurrent: 3, retryAfterMs: 250 });
    const controller = new AbortController();
    const waiting = Array.from({ length: 3 }, () =>
      callFailure(client.unary(echoRequest({ text: "wait" }), { signal: controller.signal })),
    );
    await waitFor(() => dispatcher.activeCalls === 3);
    const error = await callFailure(client.unary(echoRequest()));
    expect(error).toMatchObject({ code: "OVERLOADED", status: "RESOURCE_EXHAUSTED", retryAfterMs: 250 });
    controller.abort();
    await Promise.all(waiting);
    await waitFor(() => dispatcher.activeCalls === 0);
    await client.unary(echoRequest());
  });

  test("draining refuses new calls and lets running ones finish", async () => {
    const { client, dispatcher, witness } = await serve();
    const stream = client.download(echoRequest({ count: 5 }))[Symbol.asyncIterator]();
    await stream.next();
    const drained = dispatcher.drain(AbortSignal.timeout(5_000));
    expect((await callFailure(client.unary(echoRequest()))).code).toBe("DRAINING");
    let rest = 0;
    while ((await stream.next()).done !== true) rest += 1;
    expect(rest).toBe(4);
    await drained;
    expect(witness.finished).toBe(1);
  });

  test("what is not done when the drain gives up is cut short", async () => {
    const { client, dispatcher, witness } = await serve();
    const pending = callFailure(client.unary(echoRequest({ text: "wait" })));
    await waitFor(() => witness.contexts.length === 1);
    await dispatcher.drain(AbortSignal.timeout(20));
    expect(await pending).toMatchObject({ code: "DRAINING", status: "UNAVAILABLE" });
  });

  test("a request stream that fails cancels the call", async () => {
    const { client, witness, dispatcher } = await serve();
    const broken = async function* () {
      yield echoRequest();
      await waitFor(() => witness.consumed === 1);
      throw new Error("out of ideas");
    };
    const error = await callFailure(client.upload(broken()));
    expect(error).toMatchObject({ code: "CANCELLED", cause: new Error("out of ideas") });
    await waitFor(() => witness.finished === 1 && dispatcher.activeCalls === 0);
  });
});
