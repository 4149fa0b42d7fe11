import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { startChild } from "@koinon/testkit/child-process";
import { type NatsServer, startNats } from "@koinon/testkit/nats-server";
import { describeWithProgram } from "@koinon/testkit/program-suite";
import { waitFor } from "@koinon/testkit/wait-for";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect as connectNats } from "@nats-io/transport-node";
import type { BusEvent, BusObserver } from "../src/bus.ts";
import { PoisonMessage } from "../src/bus-error.ts";
import { connectJetStreamBus, type JetStreamBusOptions } from "../src/jetstream-bus.ts";
import { describeBusContract } from "./bus-contract.ts";

const hangingConsumer = fileURLToPath(new URL("hanging-consumer.ts", import.meta.url));
const quick = { redeliveryDelayMs: () => 5, stopGraceMs: 50 };
/** Notices a server that does not answer, where a test stops one. */
const impatient = { ackWaitMs: 1_500, publishTimeoutMs: 500 };

/** A port that nobody listens on at this moment. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

describeWithProgram("nats-server", "over nats-server", () => {
  describeBusContract("JetStream", async () => {
    const nats = await startNats();
    return {
      connect: (observe) =>
        connectJetStreamBus({ servers: [nats.url], name: "contract", ...quick }, observe ? { observe } : {}),
      close: () => nats.stop(),
    };
  });

  describeBusContract("JetStream with a prefix", async () => {
    const nats = await startNats();
    const options = { servers: [nats.url], name: "contract", prefix: "second-net", ...quick };
    return {
      connect: (observe) => connectJetStreamBus(options, observe ? { observe } : {}),
      close: () => nats.stop(),
    };
  });

  test("networks with prefixes of their own share a server and nothing on it", async () => {
    const nats = await startNats();
    const networks = [undefined, "second", "koinon-test"];
    const buses = await Promise.all(
      networks.map((prefix) =>
        connectJetStreamBus({
          ...{ servers: [nats.url], name: "shared", ...quick },
          ...(prefix === undefined ? {} : { prefix }),
        }),
      ),
    );
    const seen = await Promise.all(
      buses.map(async (bus) => {
        const events: string[] = [];
        const consume = (durable: string, subject: string, isPoison: boolean) =>
          bus.consume({
            ...{ durable, subject, maxDeliveries: 3 },
            handler: async (event) => {
              events.push(`${event.subject} ${Buffer.from(event.payload)}`);
              if (isPoison) throw new PoisonMessage({ code: "POISON_MESSAGE", reason: "as the test wants" });
            },
          });
        await consume("poi", "koinon.shop.v1.>", true);
        await consume("inspector", "koinon-dlq.shop.*", false);
        return events;
      }),
    );
    // The same id everywhere: what is told apart by the prefix is not taken for a duplicate either.
    for (const [at, bus] of buses.entries()) {
      await bus.publish({ subject: "koinon.shop.v1.sold.pear", id: "1", payload: Buffer.from(`of ${at}`) });
    }
    await waitFor(() => seen.every((events) => events.length === 2));
    const connection = await connectNats({ servers: [nats.url] });
    const manager = await jetstreamManager(connection);
    const streams: Record<string, string> = {};
    for await (const { config } of manager.streams.list()) streams[config.name] = config.subjects.join();
    expect(streams).toEqual({
      ...{ "koinon-shop": "koinon.shop.>", "koinon-shop-dlq": "koinon-dlq.shop.>" },
      ...{ "second-shop": "second.shop.>", "second-shop-dlq": "second-dlq.shop.>" },
      ...{ "koinon-test-shop": "koinon-test.shop.>", "koinon-test-shop-dlq": "koinon-test-dlq.shop.>" },
    });
    await connection.close();
    for (const bus of buses) await bus.close();
    expect(seen).toEqual(
      networks.map((_, at) => [`koinon.shop.v1.sold.pear of ${at}`, `koinon-dlq.shop.poi of ${at}`]),
    );
    await nats.stop();
  });

  test("a prefix that NATS, or another network's names, would not bear is refused", async () => {
    const wrong = ["", "a.b", "a b", "*", "Koinon", "-a", "a-", "koinon-dlq", "a".repeat(33)];
    for (const prefix of wrong) {
      const connecting = connectJetStreamBus({ servers: ["nats://127.0.0.1:1"], name: "wrong", prefix });
      await expect(connecting).rejects.toMatchObject({ fault: { code: "PREFIX_INVALID", prefix } });
    }
  });

  describe("JetStreamBus under faults", () => {
    let nats: NatsServer;
    const connect = (options: Partial<JetStreamBusOptions> = {}) =>
      connectJetStreamBus({ servers: [nats.url], name: "faults", ...quick, ...options });
    const event = (id: string) => ({ subject: "koinon.shop.v1.sold", id, payload: Buffer.from(id) });

    beforeAll(async () => {
      nats = await startNats();
    });
    afterAll(() => nats.stop());

    test("survives kill -9 of the server: publishers are refused meanwhile, consumers go on, nothing is lost", async () => {
      const bus = await connect(impatient);
      const seen = new Set<string>();
      const handler = async ({ id }: { id: string }) => void seen.add(id);
      await bus.consume({ durable: "restart", subject: "koinon.shop.v1.sold", maxDeliveries: 5, handler });
      await bus.publish(event("before"));
      await waitFor(() => seen.has("before"));
      await nats.kill();
      await waitFor(() => !bus.isConnected());
      await expect(bus.publish(event("refused"))).rejects.toMatchObject({ fault: { code: "BUS_UNREACHABLE" } });
      await nats.restart();
      await waitFor(() => bus.isConnected());
      await waitFor(() => bus.publish(event("after")).then(() => true));
      await waitFor(() => seen.has("after"), { deadlineMs: 20_000 });
      await bus.close();
    });

    const clusterOfTwo = async () => {
      const ports = [await freePort(), await freePort()];
      return (place: number) =>
        startNats({
          configuration: `server_name: member-${place}
cluster { name: two, listen: "127.0.0.1:${ports[place]}", routes: ["nats://127.0.0.1:${ports[1 - place]}"] }`,
        });
    };

    test("streams get more copies when they are asked for, and never fewer", async () => {
      const member = await clusterOfTwo();
      const [first, second] = await Promise.all([member(0), member(1)]);
      const servers = [first.url];
      const copiesAfter = async (replicas: number) => {
        const bus = await connectJetStreamBus({
          servers,
          name: "copies",
          ...quick,
          ...impatient,
          limits: { replicas },
        });
        await waitFor(() => bus.publish(event(`with ${replicas}`)).then(() => true), { deadlineMs: 20_000 });
        await bus.close();
        const connection = await connectNats({ servers });
        const { config } = await (await jetstreamManager(connection)).streams.info("koinon-shop");
        await connection.close();
        return config.num_replicas;
      };
      expect(await copiesAfter(1)).toBe(1);
      expect(await copiesAfter(2)).toBe(2);
      expect(await copiesAfter(1)).toBe(2);
      await Promise.all([first.stop(), second.stop()]);
    });

    test("waits for a cluster that takes connections and has no leader yet, and says so", async () => {
      const member = await clusterOfTwo();
      const first = await member(0);
      const told: string[] = [];
      const observe: BusObserver = (observation) => void told.push(`${observation.kind}: ${observation.error}`);
      const connecting = connectJetStreamBus(
        { servers: [first.url], name: "leaderless", ...quick, ...impatient },
        { observe },
      );
      await waitFor(() => told.some((line) => /^waiting: .*(unavailable|timeout)/.test(line)), { deadlineMs: 20_000 });
      const second = await member(1);
      const bus = await connecting;
      // A leader is lost with the majority, and found with it.
      await second.kill();
      const seen: string[] = [];
      const handler = async ({ id }: { id: string }) => void seen.push(id);
      const consuming = bus.consume({ durable: "late", subject: "koinon.shop.v1.sold", maxDeliveries: 5, handler });
      const since = told.length;
      await waitFor(() => told.length > since, { deadlineMs: 20_000 });
      await second.restart();
      await consuming;
      await waitFor(
        () =>
          bus.publish(event("late")).then(
            () => true,
            () => false,
          ),
        { deadlineMs: 20_000 },
      );
      await waitFor(() => seen.includes("late"));
      await bus.close();
      await Promise.all([first.stop(), second.stop()]);
    });

    // Long enough that a busy machine does not take a living consumer for a dead one.
    const { ackWaitMs } = impatient;
    const startHanging = (durable: string, subject: string) =>
      startChild({
        command: process.execPath,
        args: ["--no-warnings", hangingConsumer, nats.url, durable, subject, String(ackWaitMs)],
        ready: /consuming/,
      });

    test("an event in hand of a process that is killed goes to another one", async () => {
      const subject = "koinon.shop.v1.paid";
      const bus = await connect({ ackWaitMs });
      const child = await startHanging("crash", subject);
      await bus.publish({ ...event("1"), subject });
      await child.waitForLine(/took 1 1/);
      await child.kill();
      const deliveries: number[] = [];
      const handler = async (incoming: { deliveries: number }) => void deliveries.push(incoming.deliveries);
      await bus.consume({ durable: "crash", subject, maxDeliveries: 5, handler });
      await waitFor(() => deliveries.length === 1);
      expect(deliveries).toEqual([2]);
      await bus.close();
    });

    test("an event that kills its consumer each time ends as a dead letter", async () => {
      const subject = "koinon.shop.v1.deadly";
      const bus = await connect({ ackWaitMs });
      const letters: string[] = [];
      const inspect = async ({ headers }: BusEvent) => void letters.push(headers["koinon-id"] ?? "");
      await bus.consume({ durable: "inspector", subject: "koinon-dlq.shop.*", maxDeliveries: 5, handler: inspect });
      await bus.publish({ ...event("deadly"), subject });
      // The server may forget a delivery that finds nobody, so there may be one more.
      let taken = 0;
      for (let round = 0; taken < 2 && round < 4; round++) {
        const child = await startHanging("deadly", subject);
        const [, deliveries] = await child.waitForLine(/took deadly (\d)/);
        await child.kill();
        taken = Number(deliveries);
      }
      const handler = () => Promise.reject(new Error("nothing may be done with it"));
      await bus.consume({ durable: "deadly", subject, maxDeliveries: 2, handler });
      await waitFor(() => letters.length === 1);
      expect(letters).toEqual(["deadly"]);
      await bus.close();
    });
  });
});
