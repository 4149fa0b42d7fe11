import { describe, expect, test } from "@jest/globals";
import { bindService } from "../src/binding.ts";
import { currentCall } from "../src/call-scope.ts";
import { createClient } from "../src/client.ts";
import type { Client } from "../src/handler.ts";
import { LocalServices } from "../src/in-process.ts";
import { createEchoService, EchoWitness, echoRequest } from "./echo-service.ts";
import { EchoServiceDefinition } from "./gen/echo.ts";
import { clock, inProcess, unixSocket } from "./transports.ts";

/** A service in front of another: what it is asked it asks on, with a time-out of its own. */
function createRelay(inner: Client<EchoServiceDefinition>, timeoutMs: number, later?: Promise<unknown>[]) {
  const echo = createEchoService(new EchoWitness());
  return bindService({
    definition: EchoServiceDefinition,
    callers: "any",
    faults: {},
    handlers: {
      ...(echo.handlers as Parameters<typeof bindService<EchoServiceDefinition>>[0]["handlers"]),
      unary: async (request) => {
        const answer = await inner.unary(request, { timeoutMs });
        later?.push(new Promise((resolve) => setTimeout(resolve, 20)).then(() => inner.unary(request, { timeoutMs })));
        return answer;
      },
      download: async function* (request) {
        // The first part of a generator runs inside its first read, the second inside the next.
        yield await inner.unary(request, { timeoutMs });
        yield await inner.unary(request, { timeoutMs });
      },
    },
  });
}

// A time-out travels as what is left of it, so a deadline moves by the time of the way: by far less than the time-outs differ.
describe.each([inProcess, unixSocket])("deadlines through $name", (transport) => {
  async function serveRelay(timeoutMs: number, later?: Promise<unknown>[]) {
    const witness = new EchoWitness();
    const inner = await transport.serve(createEchoService(witness));
    const outer = await transport.serve(createRelay(inner.client, timeoutMs, later));
    const close = async (): Promise<void> => {
      await outer.close();
      await inner.close();
    };
    return { client: outer.client, witness, close };
  }

  test("an outgoing call has no more time than the call that is handled", async () => {
    const { client, witness, close } = await serveRelay(60_000);
    const before = Date.now();
    await client.unary(echoRequest(), { timeoutMs: 5_000 });
    expect(witness.last.deadline - before).toBeGreaterThan(4_000);
    expect(witness.last.deadline - before).toBeLessThan(20_000);
    await close();
  });

  test("also in every part of a stream", async () => {
    const { client, witness, close } = await serveRelay(60_000);
    const before = Date.now();
    for await (const _ of client.download(echoRequest(), { timeoutMs: 5_000 }));
    expect(witness.contexts).toHaveLength(2);
    for (const { deadline } of witness.contexts) expect(deadline - before).toBeLessThan(20_000);
    await close();
  });

  test("a shorter time-out of its own counts", async () => {
    const { client, witness, close } = await serveRelay(2_000);
    const before = Date.now();
    await client.unary(echoRequest(), { timeoutMs: 30_000 });
    expect(witness.last.deadline - before).toBeLessThan(15_000);
    await close();
  });

  test("work that outlives the handler is on its own", async () => {
    const later: Promise<unknown>[] = [];
    const { client, witness, close } = await serveRelay(60_000, later);
    const before = Date.now();
    await client.unary(echoRequest(), { timeoutMs: 5_000 });
    await Promise.all(later);
    expect(witness.last.deadline - before).toBeGreaterThan(50_000);
    await close();
  });

  test("the inner failure is the outer one", async () => {
    const { client, witness, close } = await serveRelay(60_000);
    await client.unary(echoRequest());
    const call = client.unary(echoRequest({ text: "wait" }), { timeoutMs: 500 });
    await expect(call).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    expect(witness.last.signal.aborted || witness.last.deadline <= Date.now() + 20).toBe(true);
    await close();
  });
});

test("outside of handlers there is no call", async () => {
  expect(currentCall()).toBeUndefined();
  const local = new LocalServices({ clock });
  let inside: unknown;
  const echo = createEchoService(new EchoWitness());
  local.add(
    bindService({
      definition: EchoServiceDefinition,
      callers: "any",
      faults: {},
      handlers: {
        ...(echo.handlers as Parameters<typeof bindService<EchoServiceDefinition>>[0]["handlers"]),
        unary: async (_, context) => {
          await Promise.resolve();
          inside = currentCall() === context;
          return { text: "", payload: Buffer.alloc(0), index: 0, number: 0n, caller: "" };
        },
      },
    }),
  );
  await createClient(EchoServiceDefinition, local.channel("gateway"), {}, { clock }).unary(echoRequest());
  expect(inside).toBe(true);
  expect(currentCall()).toBeUndefined();
});

test("a deadline that has passed fails without a call", async () => {
  const witness = new EchoWitness();
  const { client } = await inProcess.serve(createEchoService(witness));
  await expect(client.unary(echoRequest(), { timeoutMs: 0 })).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  const stream = client.download(echoRequest({ count: 1 }), { timeoutMs: -5 });
  await expect(stream[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  expect(witness.contexts).toHaveLength(0);
});
