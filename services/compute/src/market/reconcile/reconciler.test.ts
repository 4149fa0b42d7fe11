import { beforeEach, describe, expect, test } from "@jest/globals";
import { FakeClock } from "@koinon/testkit/fake-clock";
import { createNoopMeter } from "@opentelemetry/api";
import { instanceStoreSuite } from "../../../test/market/instance-store-suite.ts";
import { silentLog } from "../../../test/market/silent-log.ts";
import type { UnloggedSettlement } from "../accounts/money-store.ts";
import { MarketMetrics } from "../metrics.ts";
import { MemoryInstanceStore } from "./memory-instance-store.ts";
import { Reconciler } from "./reconciler.ts";

instanceStoreSuite("memory", async () => new MemoryInstanceStore());

describe("Reconciler", () => {
  const clock = new FakeClock();
  let instances: MemoryInstanceStore;
  const options = { leaseMs: 1_000, orphanMs: 5_000, unloggedMs: 300, voidedKeptMs: 86_400_000, batchSize: 2 };
  let ended: [string, number][];
  let open: number;
  let voided: number[];
  let unlogged: (UnloggedSettlement & { settledAt: number })[];
  let published: { subject: string; id: string }[];
  const reconciler = (instance: string) =>
    new Reconciler(options, {
      ...{ instances, clock, instance, log: silentLog, metrics: new MarketMetrics(createNoopMeter()) },
      money: {
        endRelaysOf: async (relayedBy, expiresAt) => {
          ended.push([relayedBy, expiresAt]);
          return 1;
        },
        expire: async (_now, limit) => {
          const expired = Math.min(open, limit);
          open -= expired;
          return expired;
        },
        forgetVoided: async (before, limit) => {
          const forgotten = Math.min(voided.filter((closedAt) => closedAt < before).length, limit);
          voided.splice(0, forgotten);
          return forgotten;
        },
        unlogged: async (before, limit) => unlogged.filter(({ settledAt }) => settledAt < before).slice(0, limit),
      },
      bus: {
        publish: async ({ subject, id }) => {
          published.push({ subject, id });
        },
      },
    });
  beforeEach(() => {
    [ended, open, voided, unlogged, published] = [[], 0, [], [], []];
    instances = new MemoryInstanceStore();
  });

  test("what a dead process relayed is left to the journals, once, by whoever sees it first", async () => {
    const [alive, dead] = [reconciler("alive"), reconciler("dead")];
    await alive.renewLease();
    clock.advance(900);
    await Promise.all([alive.renewLease(), dead.renewLease()]);
    clock.advance(999);
    await alive.renewLease();
    await alive.adoptOrphans();
    expect(ended).toEqual([]);
    clock.advance(1);
    await alive.adoptOrphans();
    await alive.adoptOrphans();
    expect(ended).toEqual([["dead", clock.now() + 5_000]]);
  });

  test("after an outage everybody has the length of a lease to come back", async () => {
    const [first, second] = [reconciler("first"), reconciler("second")];
    await Promise.all([first.renewLease(), second.renewLease()]);
    clock.advance(60_000);
    await first.renewLease();
    clock.advance(999);
    await first.renewLease();
    await first.adoptOrphans();
    expect(ended).toEqual([]);
    await second.renewLease();
    clock.advance(1);
    await first.adoptOrphans();
    expect(ended).toEqual([]);
  });

  test("a process does not bury itself, and cleans up when it stops", async () => {
    const alone = reconciler("alone");
    await alone.renewLease();
    clock.advance(1_000);
    await alone.adoptOrphans();
    expect(ended).toEqual([]);
    await alone.giveUpLease();
    expect(ended).toEqual([["alone", clock.now() + 5_000]]);
  });

  test("expiry goes on until nothing is left", async () => {
    open = 5;
    await reconciler("any").expireReservations();
    expect(open).toBe(0);
  });

  test("what was given back is forgotten at its age, a bounded number per run", async () => {
    voided = Array.from({ length: 80 }, () => clock.now());
    clock.advance(86_400_000);
    await reconciler("any").forgetVoided();
    expect(voided.length).toBe(80);
    clock.advance(1);
    await reconciler("any").forgetVoided();
    expect(voided.length).toBe(8);
    await reconciler("any").forgetVoided();
    expect(voided.length).toBe(0);
  });

  test("what is not logged in time is published again, oldest first, under an id of its own each time", async () => {
    const settledAt = clock.now();
    unlogged = ["0x01", "0x02", "0x03"].map((receiptId) => ({
      ...{ receiptId: receiptId as `0x${string}`, subject: `s.${receiptId}`, payload: new Uint8Array(), settledAt },
    }));
    clock.advance(300);
    await reconciler("any").publishUnlogged();
    expect(published).toEqual([]);
    clock.advance(1);
    await reconciler("any").publishUnlogged();
    clock.advance(300);
    await reconciler("any").publishUnlogged();
    expect(published.map(({ subject }) => subject)).toEqual(["s.0x01", "s.0x02", "s.0x01", "s.0x02"]);
    expect(new Set(published.map(({ id }) => id)).size).toBe(4);
  });
});
