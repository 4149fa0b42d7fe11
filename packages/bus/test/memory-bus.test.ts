import { describe, expect, test } from "@jest/globals";
import { FakeClock } from "@koinon/testkit/fake-clock";
import { waitFor } from "@koinon/testkit/wait-for";
import { MemoryBus } from "../src/memory-bus.ts";
import { describeBusContract } from "./bus-contract.ts";

const options = { redeliveryDelayMs: () => 5, stopGraceMs: 50 };

describeBusContract("memory", async () => {
  const buses: MemoryBus[] = [];
  return {
    async connect(observe) {
      const bus = new MemoryBus(options, { clock: new FakeClock(), ...(observe && { observe }) });
      buses.push(bus);
      return bus;
    },
    close: async () => undefined,
  };
});

describe("MemoryBus", () => {
  const event = (id: string) => ({ subject: "koinon.shop.v1.sold", id, payload: Buffer.from(id) });

  test("publish resolves only when every durable has handled the event", async () => {
    const bus = new MemoryBus(options, { clock: new FakeClock() });
    const order: string[] = [];
    const gate = Promise.withResolvers<void>();
    for (const durable of ["a", "b"]) {
      await bus.consume({
        durable,
        subject: "koinon.shop.v1.>",
        maxDeliveries: 2,
        handler: async (incoming) => {
          if (durable === "b") await gate.promise;
          if (incoming.deliveries === 1) throw new Error("again");
          order.push(durable);
        },
      });
    }
    const published = bus.publish(event("1")).then(() => order.push("published"));
    gate.resolve();
    await published;
    expect(order.slice().sort()).toEqual(["a", "b", "published"]);
    expect(order[2]).toBe("published");
    await bus.close();
  });

  test("a full queue refuses the event, for every durable or none", async () => {
    const bus = new MemoryBus({ ...options, queuedMax: 2 }, { clock: new FakeClock() });
    const gate = Promise.withResolvers<void>();
    const handled: string[] = [];
    const consume = (durable: string, handler: (id: string) => Promise<void>) =>
      bus.consume({ durable, subject: "koinon.shop.v1.>", maxDeliveries: 1, handler: ({ id }) => handler(id) });
    await consume("slow", () => gate.promise);
    await consume("fast", async (id) => void handled.push(id));
    const first = [bus.publish(event("1")), bus.publish(event("2"))];
    await waitFor(() => handled.length === 2);
    await expect(bus.publish(event("3"))).rejects.toMatchObject({
      fault: { code: "BUS_OVERLOADED", durable: "slow", queued: 2 },
    });
    gate.resolve();
    await Promise.all(first);
    await bus.publish(event("3"));
    expect(handled).toEqual(["1", "2", "3"]);
    await bus.close();
  });

  test("an id is new again after the duplicate window", async () => {
    const clock = new FakeClock();
    const bus = new MemoryBus(options, { clock });
    let handled = 0;
    const handler = async () => {
      handled += 1;
    };
    await bus.consume({ durable: "all", subject: "koinon.shop.v1.>", maxDeliveries: 1, handler });
    await bus.publish(event("1"));
    clock.advance(119_999);
    await bus.publish(event("1"));
    expect(handled).toBe(1);
    clock.advance(1);
    await bus.publish(event("1"));
    expect(handled).toBe(2);
    await bus.close();
  });

  test("closing rejects what was not handled, so that its publisher keeps it", async () => {
    const bus = new MemoryBus({ ...options, redeliveryDelayMs: () => 60_000 }, { clock: new FakeClock() });
    const failed = Promise.withResolvers<void>();
    await bus.consume({
      durable: "all",
      subject: "koinon.shop.v1.>",
      maxDeliveries: 5,
      handler: async () => {
        failed.resolve();
        throw new Error("down");
      },
    });
    const published = bus.publish(event("1"));
    await failed.promise;
    await bus.close();
    await expect(published).rejects.toMatchObject({ fault: { code: "BUS_CLOSED" } });
  });

  test("what is published for a durable that is named from the beginning waits for its first member", async () => {
    const durable = { durable: "till", subject: "koinon.shop.v1.>" };
    const bus = new MemoryBus({ ...options, durables: [durable] }, { clock: new FakeClock() });
    const order: string[] = [];
    const published = bus.publish(event("1")).then(() => order.push("published"));
    await bus.consume({ ...durable, maxDeliveries: 1, handler: async ({ id }) => void order.push(`handled ${id}`) });
    await published;
    expect(order).toEqual(["handled 1", "published"]);
    await bus.close();
  });

  test("a durable has one filter", async () => {
    const bus = new MemoryBus(options, { clock: new FakeClock() });
    const handler = async () => undefined;
    await bus.consume({ durable: "a", subject: "koinon.shop.v1.>", maxDeliveries: 1, handler });
    const other = bus.consume({ durable: "a", subject: "koinon.shop.v1.sold", maxDeliveries: 1, handler });
    await expect(other).rejects.toMatchObject({ fault: { code: "DURABLE_CONFLICT" } });
    await bus.close();
  });
});
