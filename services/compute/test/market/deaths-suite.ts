import { afterEach, describe, expect, test } from "@jest/globals";
import { ProviderState, SettlementState } from "@koinon/contracts/koinon/compute/v1/market_service";
import { DatabaseError } from "@koinon/postgres/database-error";
import { FakeClock } from "@koinon/testkit/fake-clock";
import { waitFor } from "@koinon/testkit/wait-for";
import type { SettlementRecord } from "../../src/market/accounts/money-store.ts";
import { isRetryableReason } from "../../src/market/reconcile/receipt-result.ts";
import type { MarketStorage } from "../../src/market/storage.ts";
import { Death, knowingNothing, replaceStep, sureOfAll } from "./death.ts";
import { completionOf, eventsOf, type ScriptedProvider, unavailable, untilCancelled } from "./scripted-provider.ts";
import { chatOffer, registrationMessage, type Stores, TestMarket } from "./test-market.ts";

const untilCancelledAt = (stop: number) => async (place: number, context: { signal: AbortSignal }) =>
  place === stop ? await untilCancelled(context) : undefined;
const isOrphan = ({ state, relayedBy }: SettlementRecord) => state === "reserved" && relayedBy !== undefined;
const idOf = (number: number) => Uint8Array.from({ length: 32 }, (_, place) => (place === 31 ? number : 0));

const stream = { contentType: "text/event-stream", chunks: eventsOf(["one", "two", "three"]) };

/** Resolves when a reader has so many chunks of the stream: a provider is asked before its client is sure of a byte. */
function beginning(chunks: number): [begun: Promise<void>, hear: (text: string) => void] {
  const { promise, resolve } = Promise.withResolvers<void>();
  const text = stream.chunks.slice(0, chunks).join("");
  return [promise, (heard) => heard === text && resolve()];
}

/** Hands the provider's receipts in, as its journal does, until none is left that could still be taken. */
async function handIn(market: TestMarket, provider: ScriptedProvider): Promise<string[]> {
  return await waitFor(async () => {
    const { results } = await market.client.submitReceipts({ receipts: provider.journal });
    const answers = results.map(({ accepted, reason }) => (accepted ? "accepted" : reason));
    return answers.some(isRetryableReason) ? undefined : answers;
  });
}

/** The outcome of each death, whatever the stores. */
export function deathsSuite(name: string, open: () => Promise<Stores>): void {
  describe(`deaths: ${name}`, () => {
    describe("a provider dies", () => {
      let market: TestMarket;
      afterEach(() => market.stop());

      test("before the first byte, with nobody else: nothing is charged, the failure is told with a time", async () => {
        market = await new TestMarket(await open()).start();
        const provider = await market.join("alpha");
        provider.script = { breakAt: { place: 0, error: unavailable() } };
        const request = market.request();
        const { error, text } = await market.read(request);
        expect(error).toMatchObject({ code: "PROVIDERS_FAILED", status: "UNAVAILABLE", retryAfterMs: 1_000 });
        expect(text).toBe("");
        expect(await market.settlementOf(request.requestId)).toMatchObject({ voidReason: "PROVIDERS_FAILED" });
        expect(await market.spent()).toBe(0n);
      });

      test("after the first byte: the stream ends with an error, nothing is charged, nobody else is tried", async () => {
        market = await new TestMarket(await open()).start();
        const provider = await market.join("alpha", [{ ...chatOffer, quote: { requestPrice: 1n } }]);
        const other = await market.join("beta");
        provider.script = { ...stream, breakAt: { place: 2, error: unavailable() } };
        const request = market.request();
        const seen = await market.read(request);
        expect(seen.error).toMatchObject({
          code: "ANSWER_BROKEN",
          status: "DATA_LOSS",
          facts: { reason: "PROVIDER_BROKE_OFF" },
        });
        expect(seen.text).toBe(stream.chunks.slice(0, 2).join(""));
        expect(await market.settlementOf(request.requestId)).toMatchObject({
          ...{ state: SettlementState.VOIDED, voidReason: "PROVIDER_BROKE_OFF" },
          attempts: [{ outcome: "PROVIDER_BROKE_OFF" }],
        });
        expect(await market.spent()).toBe(0n);
        expect(other.asked).toEqual([]);
        // Breaking off is no lie.
        expect((await market.stateOf(provider)).state).toBe(ProviderState.HEALTHY);
      });

      test("between its last byte and its receipt: as after the first byte", async () => {
        market = await new TestMarket(await open()).start();
        const provider = await market.join("alpha");
        provider.script = { ...stream, breakAt: { place: stream.chunks.length, error: unavailable() } };
        const seen = await market.ask();
        expect(seen.error).toMatchObject({ code: "ANSWER_BROKEN" });
        expect(seen.text).not.toContain("[DONE]");
        expect(await market.spent()).toBe(0n);
      });

      test("and sends more than anybody wants to hold: it is cut off", async () => {
        market = await new TestMarket(await open(), { env: { MARKET_ANSWER_BYTES_MAX: "1024" } }).start();
        const provider = await market.join("alpha");
        provider.script = { contentType: "text/event-stream", chunks: Array(100).fill(`data: ${"x".repeat(100)}\n\n`) };
        expect((await market.ask()).error).toMatchObject({ facts: { reason: "ANSWER_TOO_LARGE" } });
        await waitFor(() => provider.cancelled === 1, { what: "the call is cancelled" });
      });
    });

    describe("the client goes away", () => {
      let market: TestMarket;
      afterEach(() => market.stop());

      test("while the answer streams: the provider is told at once, and is paid for what was delivered by its journal", async () => {
        market = await new TestMarket(await open()).start();
        const provider = await market.join("alpha");
        provider.script = { ...stream, beforeChunk: untilCancelledAt(2), outputUnits: 2n };
        const request = market.request();
        const leave = new AbortController();
        const [begun, hear] = beginning(2);
        const reading = market.read(request, leave.signal, hear);
        await begun;
        leave.abort();
        await reading;
        await waitFor(() => provider.cancelled === 1);
        expect((await market.settlementOf(request.requestId)).state).toBe(SettlementState.RESERVED);
        expect(await handIn(market, provider)).toEqual(["accepted"]);
        const settlement = await market.settlementOf(request.requestId);
        expect(settlement).toMatchObject({ state: SettlementState.SETTLED, fee: "12", relayed: true });
        expect(settlement.attempts.map(({ outcome }) => outcome)).toEqual(["CANCELLED", "HANDED_IN"]);
        // Handing in again changes nothing.
        expect(await handIn(market, provider)).toEqual(["accepted"]);
        expect(await market.balance()).toEqual({ spent: 12n, reserved: 0n });
      });

      test("by leaving the loop: the same", async () => {
        market = await new TestMarket(await open()).start();
        const provider = await market.join("alpha");
        provider.script = stream;
        for await (const { part } of market.client.infer(market.request())) if (part?.$case === "chunk") break;
        await waitFor(() => provider.cancelled === 1);
        expect(await handIn(market, provider)).toEqual(["accepted"]);
        expect(await market.balance()).toEqual({ spent: 12n, reserved: 0n });
      });

      test("and the provider hands in twice at once, the first call held up with what it has read: both are told that it is paid", async () => {
        let readings = 0;
        const held = Promise.withResolvers<void>();
        const holdingTheFirst = (storage: MarketStorage) => {
          const { money } = storage;
          const reservations: typeof money.reservations = async (ids) => {
            const records = await money.reservations(ids);
            readings++;
            if (readings === 1) await held.promise;
            return records;
          };
          return { ...storage, money: replaceStep(money, "reservations", reservations) };
        };
        market = await new TestMarket(await open(), { wrap: holdingTheFirst }).start();
        const provider = await market.join("alpha");
        provider.script = stream;
        const request = market.request();
        for await (const { part } of market.client.infer(request)) if (part?.$case === "chunk") break;
        await waitFor(() => provider.cancelled === 1);
        const receipts = { receipts: provider.journal };
        const first = market.client.submitReceipts(receipts);
        await waitFor(() => readings === 1);
        expect((await market.client.submitReceipts(receipts)).results).toEqual([{ accepted: true, reason: "" }]);
        held.resolve();
        expect((await first).results).toEqual([{ accepted: true, reason: "" }]);
        expect(await market.settlementOf(request.requestId)).toMatchObject({
          state: SettlementState.SETTLED,
          fee: "12",
        });
        expect(await market.stateOf(provider)).toEqual({ state: ProviderState.HEALTHY, reason: "" });
      });

      test("and the provider wants more than was delivered: refused, failing", async () => {
        market = await new TestMarket(await open()).start();
        const provider = await market.join("alpha");
        provider.script = { ...stream, outputUnits: 190n };
        for await (const { part } of market.client.infer(market.request())) if (part?.$case === "chunk") break;
        await waitFor(() => provider.cancelled === 1);
        expect(await handIn(market, provider)).toEqual(["OUTPUT_UNITS_IMPLAUSIBLE"]);
        expect(await market.spent()).toBe(0n);
        expect((await market.stateOf(provider)).reason).toBe("OUTPUT_UNITS_IMPLAUSIBLE");
      });

      test("before the first byte: nothing is charged when no receipt comes in time", async () => {
        const clock = new FakeClock();
        market = await new TestMarket(await open(), { clock }).start();
        const provider = await market.join("alpha");
        provider.script = { beforeHead: untilCancelled };
        const request = market.request();
        const leave = new AbortController();
        const reading = market.read(request, leave.signal);
        await waitFor(() => provider.asked.length === 1);
        leave.abort();
        await reading;
        await waitFor(() => provider.cancelled === 1);
        await waitFor(async () => (await market.settlementOf(request.requestId)).attempts.length === 1);
        clock.advance(30_000);
        expect(await market.stores.money.expire(clock.now(), 10)).toBe(1);
        expect(await market.settlementOf(request.requestId)).toMatchObject({ voidReason: "RESERVATION_EXPIRED" });
        expect(await market.spent()).toBe(0n);
      });

      test("while it waits for a slot: given back at once, and nothing is sent", async () => {
        market = await new TestMarket(await open()).start();
        const provider = await market.join("alpha", [chatOffer], { capacity: 1n });
        const gate = Promise.withResolvers<void>();
        provider.script = { beforeHead: () => gate.promise };
        const first = market.ask();
        await waitFor(() => provider.asked.length === 1);
        const request = market.request();
        const leave = new AbortController();
        const second = market.read(request, leave.signal);
        await waitFor(async () => (await market.records()).length === 2);
        leave.abort();
        await second;
        await waitFor(async () => (await market.settlementOf(request.requestId)).voidReason === "CANCELLED");
        gate.resolve();
        expect((await first).error).toBeUndefined();
        expect(provider.asked).toHaveLength(1);
      });

      test("after the last byte, before the receipt was read: paid by the journal for the whole", async () => {
        market = await new TestMarket(await open()).start();
        const provider = await market.join("alpha");
        const leave = new AbortController();
        provider.script = {
          ...stream,
          send: (message) => {
            leave.abort();
            return [{ part: { $case: "receipt", value: message } }];
          },
        };
        const request = market.request();
        await market.read(request, leave.signal);
        expect(await handIn(market, provider)).toEqual(["accepted"]);
        expect(await market.settlementOf(request.requestId)).toMatchObject({
          state: SettlementState.SETTLED,
          fee: "12",
        });
        expect(await market.balance()).toEqual({ spent: 12n, reserved: 0n });
      });
    });

    describe("the database", () => {
      let market: TestMarket;
      afterEach(() => market.stop());
      /** A store of known balances, whose reservations reach the disk when told. */
      const withDisk = (disk: Promise<void>) => (storage: MarketStorage) =>
        sureOfAll(storage, async (request) => {
          const outcome = await storage.money.reserve(request);
          await disk;
          return outcome;
        });

      test("is slow: the provider works already, and the client gets no byte before its reservation is on disk", async () => {
        const disk = Promise.withResolvers<void>();
        market = await new TestMarket(await open(), { wrap: withDisk(disk.promise) }).start();
        const provider = await market.join("alpha");
        const iterator = market.client.infer(market.request())[Symbol.asyncIterator]();
        let seen = false;
        const first = iterator.next().finally(() => {
          seen = true;
        });
        await waitFor(() => provider.asked.length === 1);
        expect(seen).toBe(false);
        disk.resolve();
        expect((await first).value?.part?.$case).toBe("head");
        for (let next = await iterator.next(); next.done !== true; next = await iterator.next());
        expect(await market.spent()).toBe(12n);
      });

      test("dies before a reservation is on disk: the client gets no byte, the money is back", async () => {
        const disk = Promise.reject(new DatabaseError({ code: "DATABASE_UNREACHABLE", reason: "killed" }));
        disk.catch(() => undefined);
        market = await new TestMarket(await open(), { wrap: withDisk(disk) }).start();
        await market.join("alpha");
        const request = market.request();
        const seen = await market.read(request);
        expect(seen).toMatchObject({ head: undefined, text: "", error: { code: "DATABASE_UNREACHABLE" } });
        await waitFor(
          async () => (await market.settlementOf(request.requestId)).voidReason === "RESERVATION_UNCERTAIN",
        );
        expect(await market.spent()).toBe(0n);
      });

      test("is away: nothing is dispatched", async () => {
        const away = async () => {
          throw new DatabaseError({ code: "DATABASE_UNREACHABLE", reason: "away" });
        };
        market = await new TestMarket(await open(), {
          wrap: (storage) => knowingNothing({ ...storage, money: replaceStep(storage.money, "reserve", away) }),
        }).start();
        const provider = await market.join("alpha");
        expect((await market.ask()).error).toMatchObject({ code: "DATABASE_UNREACHABLE", status: "UNAVAILABLE" });
        expect(provider.asked).toEqual([]);
      });

      test("is away for a moment after an answer: it is settled when it is back", async () => {
        let failures = 3;
        market = await new TestMarket(await open(), {
          wrap: (storage) => {
            const { money } = storage;
            const settle: typeof money.settle = async (request) => {
              if (failures-- > 0) throw new DatabaseError({ code: "DATABASE_UNREACHABLE", reason: "away" });
              return await money.settle(request);
            };
            return { ...storage, money: replaceStep(money, "settle", settle) };
          },
        }).start();
        await market.join("alpha");
        expect((await market.ask()).end?.fee).toBe("12");
        expect(await market.spent()).toBe(12n);
        expect(failures).toBeLessThan(0);
      });
    });

    describe("the market dies", () => {
      const clock = new FakeClock();
      const leaseMs = 300;
      const env = { MARKET_LEASE_MS: String(leaseMs) };
      let market: TestMarket;
      let successor: TestMarket;
      afterEach(() => successor.stop());

      /** The former process is dead: nothing it still does reaches its stores. A new one takes over, with the same providers. */
      async function crashAndRestart(died: Death, providers: readonly ScriptedProvider[]): Promise<void> {
        died.now = true;
        successor = new TestMarket(market.stores, { clock, env, seed: `successor of ${died.name}` });
        await successor.market.start();
        for (const provider of providers) {
          successor.connect(provider);
          await successor.client.registerProvider(registrationMessage(provider, [chatOffer]));
        }
      }

      /** Time passes until the dead process's lease has run out and the successor has taken over what it left. */
      async function leaseRunsOut(): Promise<void> {
        clock.advance(leaseMs);
        await waitFor(async () => !(await successor.records()).some(isOrphan), {
          what: "the successor takes over",
        });
      }

      test("after reserving, before anything is dispatched: given back after a while", async () => {
        const died = new Death("reserved");
        const wrap = (storage: MarketStorage) => knowingNothing(died.after("reserve")(storage));
        market = await new TestMarket(await open(), { clock, env, wrap }).start();
        const provider = await market.join("alpha");
        const request = market.request();
        const connection = new AbortController();
        const read = market.read(request, connection.signal);
        await waitFor(() => died.now);
        connection.abort();
        await read;
        await crashAndRestart(died, [provider]);
        await leaseRunsOut();
        clock.advance(60_000);
        await waitFor(
          async () => (await successor.settlementOf(request.requestId)).voidReason === "RESERVATION_EXPIRED",
        );
        expect(provider.asked).toEqual([]);
        expect(await successor.balance()).toEqual({ spent: 0n, reserved: 0n });
      });

      test("while it relays: the provider is paid on its word for what it delivered", async () => {
        const died = new Death("relaying");
        market = await new TestMarket(await open(), { clock, env, wrap: died.wrap }).start();
        const provider = await market.join("alpha");
        provider.script = { ...stream, beforeChunk: untilCancelledAt(2) };
        const request = market.request();
        const reading = new AbortController();
        const [begun, hear] = beginning(2);
        const read = market.read(request, reading.signal, hear);
        await begun;
        await crashAndRestart(died, [provider]);
        // Its connections break with it.
        reading.abort();
        await read;
        await waitFor(() => provider.journal.length === 1);
        const { results } = await successor.client.submitReceipts({ receipts: provider.journal });
        // The successor can not know yet that the other process is gone.
        expect(results).toEqual([{ accepted: false, reason: "REQUEST_IN_FLIGHT" }]);
        await leaseRunsOut();
        expect(await handIn(successor, provider)).toEqual(["accepted"]);
        expect(await successor.settlementOf(request.requestId)).toMatchObject({ fee: "12", relayed: false });
        expect(await successor.balance()).toEqual({ spent: 12n, reserved: 0n });
      });

      test("after the answer was given, before it was settled: settled once, by the journal", async () => {
        const died = new Death("answered");
        market = await new TestMarket(await open(), { clock, env, wrap: died.before("settle") }).start();
        const provider = await market.join("alpha");
        const request = market.request();
        const seen = await market.read(request);
        expect(seen).toMatchObject({ text: completionOf("hello"), end: { fee: "12" } });
        await waitFor(() => died.now);
        await crashAndRestart(died, [provider]);
        await leaseRunsOut();
        expect(await handIn(successor, provider)).toEqual(["accepted"]);
        expect(await successor.settlementOf(request.requestId)).toMatchObject({ fee: "12", relayed: false });
        expect(await successor.balance()).toEqual({ spent: 12n, reserved: 0n });
        expect(await successor.events()).toHaveLength(1);
      });

      test("after it was settled: the journal's receipt is known, nothing is paid twice", async () => {
        const died = new Death("settled");
        market = await new TestMarket(await open(), { clock, env, wrap: died.after("settle") }).start();
        const provider = await market.join("alpha");
        await market.ask();
        await waitFor(() => died.now);
        await crashAndRestart(died, [provider]);
        expect(await handIn(successor, provider)).toEqual(["accepted"]);
        expect(await successor.balance()).toEqual({ spent: 12n, reserved: 0n });
        expect(await successor.events()).toHaveLength(1);
      });

      test("with several answers of one session unsettled: all are settled, in the order of the session", async () => {
        const died = new Death("session");
        market = await new TestMarket(await open(), { clock, env, wrap: died.losing("settle") }).start();
        const provider = await market.join("alpha");
        for (let count = 0; count < 3; count++) await market.ask();
        await crashAndRestart(died, [provider]);
        await leaseRunsOut();
        const [first, ...others] = provider.journal;
        const early = await successor.client.submitReceipts({ receipts: others });
        expect(early.results.map(({ reason }) => reason)).toEqual(["PREDECESSOR_MISSING", "PREDECESSOR_MISSING"]);
        expect(first).toBeDefined();
        await successor.beat(provider);
        // A new request of the session comes through meanwhile; it is settled when what comes before it is.
        expect((await successor.read({ ...successor.request(), requestId: idOf(99) })).end?.fee).toBe("12");
        expect(await handIn(successor, provider)).toEqual(["accepted", "accepted", "accepted", "accepted"]);
        expect(await successor.balance()).toEqual({ spent: 48n, reserved: 0n });
      });

      test("several answers handed in twice at the same time: each is settled once, and nobody is accused", async () => {
        const died = new Death("twice");
        market = await new TestMarket(await open(), { clock, env, wrap: died.losing("settle") }).start();
        const provider = await market.join("alpha");
        for (let count = 0; count < 3; count++) await market.ask();
        await crashAndRestart(died, [provider]);
        await leaseRunsOut();
        // A provider whose call ran out of time calls again while the first is still at work.
        const receipts = { receipts: provider.journal };
        const calls = await waitFor(async () => {
          const both = await Promise.all([
            successor.client.submitReceipts(receipts),
            successor.client.submitReceipts(receipts),
          ]);
          const results = both.flatMap((call) => call.results);
          return results.some(({ reason }) => isRetryableReason(reason)) ? undefined : results;
        });
        expect(calls.map(({ accepted, reason }) => (accepted ? "accepted" : reason))).toEqual(
          Array(6).fill("accepted"),
        );
        await successor.beat(provider);
        expect((await successor.read({ ...successor.request(), requestId: idOf(98) })).end?.fee).toBe("12");
        await successor.spent();
        expect((await successor.balance()).spent).toBe(48n);
      });

      test("a receipt that comes too late is refused, and the money is back", async () => {
        const died = new Death("late");
        market = await new TestMarket(await open(), { clock, env, wrap: died.before("settle") }).start();
        const provider = await market.join("alpha");
        await market.ask();
        await crashAndRestart(died, [provider]);
        await leaseRunsOut();
        clock.advance(60_000);
        await successor.spent();
        expect(await handIn(successor, provider)).toEqual(["RESERVATION_EXPIRED"]);
        expect((await successor.balance()).spent).toBe(0n);
      });
    });
  });
}
