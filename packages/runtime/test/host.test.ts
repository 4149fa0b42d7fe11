import { afterEach, describe, expect, test } from "@jest/globals";
import { createClient } from "@koinon/rpc/client";
import { createGrpcChannel } from "@koinon/rpc/grpc-channel";
import type { Client } from "@koinon/rpc/handler";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { waitFor } from "@koinon/testkit/wait-for";
import { systemClock } from "../src/clock.ts";
import type { ConfigError } from "../src/config.ts";
import type { Host, ModuleInstance } from "../src/host.ts";
import type { ModuleDependencies } from "../src/module.ts";
import { eventModule } from "./event-module.ts";
import { type Events, GreeterDefinition, greeterModule, visitorModule } from "./greeter.ts";
import { createTestHost, instance, stopHost } from "./host-fixture.ts";

const never = new AbortController().signal;
const running: Host[] = [];

async function startHost(modules: readonly ModuleInstance[], env: Record<string, string> = {}): Promise<Host> {
  const host = createTestHost(modules, env);
  await host.start(never);
  running.push(host);
  return host;
}

function problemsOf(modules: readonly ModuleInstance[], env: Record<string, string> = {}): readonly string[] {
  try {
    createTestHost(modules, env);
    return [];
  } catch (error) {
    return (error as ConfigError).problems;
  }
}

afterEach(async () => {
  for (const host of running.splice(0)) await stopHost(host);
});

describe("events", () => {
  test("what a module publishes before another has started reaches the other's consumer", async () => {
    const sales = { durable: "till", subject: "koinon.shop.v1.>" };
    const published = Promise.withResolvers<void>();
    const handled: string[] = [];
    const shop = eventModule("shop", async (bus) => {
      const event = { subject: "koinon.shop.v1.sold", id: "1", payload: Buffer.of() };
      void bus.publish(event).then(published.resolve, published.reject);
    });
    const till = eventModule("till", async (bus) => {
      await bus.consume({ ...sales, maxDeliveries: 1, handler: async ({ id }) => void handled.push(id) });
    });
    await startHost([instance(shop), instance({ ...till, consumes: [sales] })]);
    await published.promise;
    expect(handled).toEqual(["1"]);
  });
});

describe("wiring", () => {
  test("a requirement is met by a module of the same process, which starts first", async () => {
    const events: Events = [];
    let client: Client<GreeterDefinition> | undefined;
    const visitor = visitorModule("visitor", { events, use: (given) => (client = given) });
    await startHost([instance(visitor), instance(greeterModule("greeter", { events }))], { GREETER_WORD: "hi" });
    expect(events).toEqual(["start greeter", "start visitor"]);
    expect(await client?.greet({ text: "Ada" })).toEqual({ text: "hi Ada from local:visitor" });
  });

  test("a mandatory requirement that nobody meets names both sides", () => {
    expect(problemsOf([instance(visitorModule("visitor", { events: [] }))])).toEqual([
      "visitor requires test.v1.Greeter from greeter, which no module of this process provides: run greeter here or set GREETER_ADDRESS",
    ]);
  });

  test("an optional requirement that nobody meets is undefined", async () => {
    let client: Client<GreeterDefinition> | undefined | "unset" = "unset";
    await startHost([
      instance(visitorModule("visitor", { events: [], optional: true, use: (given) => (client = given) })),
    ]);
    expect(client).toBeUndefined();
  });

  test("what settings leave out is not there for anybody", async () => {
    let client: Client<GreeterDefinition> | undefined | "unset" = "unset";
    const greeter = instance(greeterModule("greeter", { events: [] }));
    const visitor = (optional: boolean) =>
      instance(visitorModule("visitor", { events: [], optional, use: (given) => (client = given) }));
    expect(problemsOf([greeter, visitor(false)], { GREETER_WORD: "silence" })).toEqual([
      expect.stringContaining(
        "visitor requires test.v1.Greeter from greeter, which no module of this process provides",
      ),
    ]);
    const host = await startHost([greeter, visitor(true)], { GREETER_WORD: "silence" });
    expect(client).toBeUndefined();
    expect(host.health().ready).toBe(true);
  });

  test("one of several instances is chosen by address, and none by chance", async () => {
    const visitor = (use: (client: Client<GreeterDefinition> | undefined) => void) =>
      instance(visitorModule("visitor", { events: [], use }));
    const greeters = ["one", "two"].map((name) =>
      instance(greeterModule("greeter", { events: [] }), { instance: name, env: { GREETER_WORD: name } }),
    );
    expect(problemsOf([...greeters, visitor(() => {})])).toEqual([
      "visitor requires test.v1.Greeter, which one and two provide: set GREETER_ADDRESS=local:<one of them>",
    ]);
    let client: Client<GreeterDefinition> | undefined;
    await startHost([...greeters, visitor((given) => (client = given))], { GREETER_ADDRESS: "local:two" });
    expect(await client?.greet({ text: "Ada" })).toEqual({ text: "two Ada from local:visitor" });
  });

  test("every problem of the configuration is in one message", () => {
    const greeter = greeterModule("greeter", { events: [] });
    const visitor = visitorModule("visitor", { events: [] });
    const modules = [instance(visitor), instance(greeter), instance(greeter), instance(greeter, { instance: "other" })];
    const problems = problemsOf(modules, {
      LOG_LEVEL: "loud",
      SHUTDOWN_DRAIN_MS: "-1",
      RPC_PLAINTEXT_LOOPBACK: "maybe",
    });
    expect(problems).toEqual([
      expect.stringContaining("LOG_LEVEL"),
      expect.stringContaining("RPC_PLAINTEXT_LOOPBACK (host): is neither true nor false."),
      expect.stringContaining("SHUTDOWN_DRAIN_MS"),
      "GREETER_WORD is declared by both greeter and other",
      "visitor requires test.v1.Greeter, which greeter and greeter and other provide: set GREETER_ADDRESS=local:<one of them>",
      "two modules are called greeter",
    ]);
  });

  test("connections to instances named at run time", async () => {
    let deps: ModuleDependencies | undefined;
    const visitor = visitorModule("visitor", { events: [], optional: true, created: (given) => (deps = given) });
    await startHost([instance(greeterModule("greeter", { events: [] }), { instance: "g-7" }), instance(visitor)]);
    const { client } = deps?.connect(GreeterDefinition, { address: "local:g-7", server: "greeter" }) ?? {};
    expect(await client?.greet({ text: "Ada" })).toEqual({ text: "hello Ada from local:visitor" });
    expect(() => deps?.connect(GreeterDefinition, { address: "local:nobody", server: "greeter" })).toThrow(
      "NO_SUCH_MODULE",
    );
  });
});

describe("two processes", () => {
  test("a remote requirement is met over a unix socket and over loopback, and health is served beside", async () => {
    const folder = await temporaryFolder();
    const socket = `unix:${folder.path}/greeter.sock`;
    const server = await startHost([instance(greeterModule("greeter", { events: [] }))], {
      RPC_LISTEN: `${socket}, 127.0.0.1:0`,
      RPC_PLAINTEXT_LOOPBACK: "true",
    });
    for (const address of server.rpcAddresses) {
      let client: Client<GreeterDefinition> | undefined;
      await startHost([instance(visitorModule("visitor", { events: [], use: (given) => (client = given) }))], {
        GREETER_ADDRESS: address,
        RPC_PLAINTEXT_LOOPBACK: "true",
      });
      expect(await client?.greet({ text: "Ada" })).toEqual({ text: "hello Ada from visitor" });
    }
    expect(server.rpcAddresses).toHaveLength(2);
    await folder.remove();
  });

  test("plaintext on a network address is refused", async () => {
    const host = createTestHost([instance(greeterModule("greeter", { events: [] }))], { RPC_LISTEN: "127.0.0.1:0" });
    await expect(host.start(never)).rejects.toThrow("PLAINTEXT_REFUSED");
    const everywhere = createTestHost([instance(greeterModule("greeter", { events: [] }))], {
      RPC_LISTEN: "0.0.0.0:0",
      RPC_PLAINTEXT_LOOPBACK: "true",
    });
    await expect(everywhere.start(never)).rejects.toThrow("PLAINTEXT_REFUSED");
  });
});

describe("life", () => {
  test("modules stop in reverse, callers first, and work is drained in between", async () => {
    const events: Events = [];
    let client: Client<GreeterDefinition> | undefined;
    const visitor = visitorModule("visitor", { events, use: (given) => (client = given) });
    const gate = Promise.withResolvers<void>();
    const greeter = greeterModule("greeter", { events, gate: gate.promise, quiesced: gate.resolve });
    const host = await startHost([instance(visitor), instance(greeter)]);
    const slow = client?.greet({ text: "Ada" }).then((answer) => events.push(answer.text));
    await new Promise((resolve) => setImmediate(resolve));
    expect(await stopHost(host)).toEqual({ clean: true });
    await slow;
    expect(events).toEqual([
      "start greeter",
      "start visitor",
      "quiesce visitor",
      "quiesce greeter",
      "hello Ada from local:visitor",
      "stop visitor",
      "stop greeter",
    ]);
  });

  test("a drain that takes too long is cut short and is not clean", async () => {
    let client: Client<GreeterDefinition> | undefined;
    const visitor = visitorModule("visitor", { events: [], use: (given) => (client = given) });
    const host = await startHost(
      [instance(visitor), instance(greeterModule("greeter", { events: [], answerMs: 20_000 }))],
      {
        SHUTDOWN_DRAIN_MS: "50",
      },
    );
    const slow = client?.greet({ text: "Ada" }).catch((error: Error) => error.message);
    await new Promise((resolve) => setImmediate(resolve));
    expect(await stopHost(host)).toEqual({ clean: false });
    expect(await slow).toBe("DRAINING");
  });

  test("a module that fails to start stops the ones before it", async () => {
    const events: Events = [];
    const host = createTestHost([
      instance(greeterModule("greeter", { events })),
      instance(visitorModule("visitor", { events, failsToStart: true })),
    ]);
    await expect(host.start(never)).rejects.toThrow("MODULE_START_FAILED (module=visitor, reason=no luck)");
    expect(events.filter((event) => event.startsWith("stop"))).toEqual(["stop visitor", "stop greeter"]);
  });

  test("calls to a module that has not started, or has stopped, are UNAVAILABLE or DRAINING", async () => {
    let client: Client<GreeterDefinition> | undefined;
    const outcome: string[] = [];
    const visitor = visitorModule("visitor", { events: [], use: (given) => (client = given) });
    const host = createTestHost([instance(visitor), instance(greeterModule("greeter", { events: [] }))]);
    const starting = host.start(never);
    await waitFor(() => client !== undefined);
    await starting;
    outcome.push((await client?.greet({ text: "a" }))?.text ?? "");
    await stopHost(host);
    outcome.push(
      await (client?.greet({ text: "b" }) ?? Promise.resolve({ text: "" })).then(String, (e: Error) => e.message),
    );
    expect(outcome).toEqual(["hello a from local:visitor", "DRAINING"]);
  });

  test("a module that reports failure ends the process's wait", async () => {
    let deps: ModuleDependencies | undefined;
    const host = await startHost([
      instance(greeterModule("greeter", { events: [], created: (given) => (deps = given) })),
    ]);
    const reason = new Error("the disk is gone");
    deps?.fail(reason);
    expect(await host.failed).toBe(reason);
  });

  test("readiness follows the modules and the shutdown", async () => {
    let healthy = true;
    const host = createTestHost([instance(greeterModule("greeter", { events: [], healthy: () => healthy }))]);
    expect(host.health().ready).toBe(false);
    await host.start(never);
    expect(host.health()).toEqual({
      ready: true,
      modules: { greeter: { status: "serving", parts: [{ name: "mood", ok: true }] } },
    });
    healthy = false;
    expect(host.health().ready).toBe(false);
    healthy = true;
    await stopHost(host);
    expect(host.health().ready).toBe(false);
  });

  test("draining under load fails no call of a client that may retry", async () => {
    const folder = await temporaryFolder();
    const address = `unix:${folder.path}/greeter.sock`;
    const host = createTestHost([instance(greeterModule("greeter", { events: [], answerMs: 5 }))], {
      RPC_LISTEN: address,
    });
    await host.start(never);
    const channel = createGrpcChannel(
      { address, security: { kind: "plaintext", caller: "visitor" }, definitions: [GreeterDefinition] },
      { clock: systemClock },
    );
    const client = createClient(GreeterDefinition, channel, {}, { clock: systemClock });
    const outcomes = { answered: 0, unavailable: 0, other: [] as string[] };
    let stopped = false;
    const load = Array.from({ length: 20 }, async () => {
      while (!stopped) {
        await client.greet({ text: "x" }).then(
          () => (outcomes.answered += 1),
          (error: { status: string; message: string }) => {
            if (error.status === "UNAVAILABLE") outcomes.unavailable += 1;
            else outcomes.other.push(error.message);
          },
        );
      }
    });
    await waitFor(() => outcomes.answered > 200);
    expect(await stopHost(host)).toEqual({ clean: true });
    stopped = true;
    await Promise.all(load);
    expect(outcomes.other).toEqual([]);
    channel.close();
    await folder.remove();
  });
});
