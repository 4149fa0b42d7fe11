import { afterEach, describe, expect, test } from "@jest/globals";
import { ProviderState, SettlementState } from "@koinon/contracts/koinon/compute/v1/market_service";
import { waitFor } from "@koinon/testkit/wait-for";
import type { MarketStorage } from "../../src/market/storage.ts";
import { sureOfAll } from "./death.ts";
import { completionOf, untilCancelled } from "./scripted-provider.ts";
import { accountId, chatOffer, policy, type Stores, TestMarket } from "./test-market.ts";

const dear = { ...chatOffer, quote: { requestPrice: 500n } };

/** Requests that go to a provider while their reservation is being written, whatever the stores. */
export function aheadSuite(name: string, open: () => Promise<Stores>): void {
  describe(`ahead of the reservation: ${name}`, () => {
    let market: TestMarket;
    afterEach(() => market.stop());

    /** Writes reservations when told. */
    const writtenAfter = (written: Promise<void>) => (storage: MarketStorage) =>
      sureOfAll(storage, async (request) => {
        await written;
        return await storage.money.reserveAhead(request);
      });

    test("the provider is asked at once, and the client gets no byte before the reservation counts", async () => {
      const written = Promise.withResolvers<void>();
      market = await new TestMarket(await open(), { wrap: writtenAfter(written.promise) }).start();
      const provider = await market.join("alpha");
      const heard: string[] = [];
      const read = market.read(market.request(), undefined, (text) => heard.push(text));
      await waitFor(() => provider.asked.length === 1);
      expect(heard).toEqual([]);
      written.resolve();
      expect(await read).toMatchObject({ text: completionOf("hello"), end: { fee: "12" }, error: undefined });
      expect(await market.spent()).toBe(12n);
    });

    test("a refused reservation calls the provider back, and nobody pays", async () => {
      const written = Promise.withResolvers<void>();
      market = await new TestMarket(await open(), { wrap: writtenAfter(written.promise) }).start(0n);
      const provider = await market.join("alpha");
      const cancelled = Promise.withResolvers<void>();
      provider.script = {
        beforeHead: (context) => untilCancelled(context).finally(cancelled.resolve),
      };
      const read = market.ask();
      await waitFor(() => provider.asked.length === 1);
      written.resolve();
      expect(await read).toMatchObject({ head: undefined, text: "", error: { code: "INSUFFICIENT_FUNDS" } });
      await cancelled.promise;
      expect(await market.balance()).toEqual({ spent: 0n, reserved: 0n });
      expect(await market.records()).toEqual([]);
      expect(await market.stateOf(provider)).toMatchObject({ state: ProviderState.HEALTHY, reason: "" });
    });

    test("a provider that is too dear for the budget gives way to a cheaper one", async () => {
      const written = Promise.resolve();
      market = await new TestMarket(await open(), { wrap: writtenAfter(written) }).start(400n + 300n);
      const [alpha, beta] = [await market.join("alpha", [dear]), await market.join("beta")];
      const request = market.request({ policy: policy({ order: ["alpha", "beta"] }) });
      const seen = await market.read(request);
      expect(seen).toMatchObject({ head: { providerName: "beta" }, end: { fee: "12" }, error: undefined });
      expect([alpha.asked.length, beta.asked.length]).toEqual([1, 1]);
      expect((await market.settlementOf(request.requestId)).attempts.map(({ outcome }) => outcome)).toEqual(["SERVED"]);
      expect(await market.spent()).toBe(12n);
    });

    test("an answer to a request that was made before is not given, and its provider is not blamed", async () => {
      market = await new TestMarket(await open(), { wrap: writtenAfter(Promise.resolve()) }).start();
      const provider = await market.join("alpha");
      const request = market.request();
      expect((await market.read(request)).error).toBeUndefined();
      provider.startNewSessions();
      expect(await market.read(request)).toMatchObject({ head: undefined, error: { code: "REQUEST_ALREADY_SEEN" } });
      expect(await market.spent()).toBe(12n);
      expect(await market.stateOf(provider)).toMatchObject({ state: ProviderState.HEALTHY, reason: "" });
      expect((await market.ask()).error).toBeUndefined();
    });

    test("a client that leaves before its reservation is written: what the provider delivered to nobody is given back", async () => {
      const written = Promise.withResolvers<void>();
      const env = { MARKET_JOURNAL_MS: "1000" };
      market = await new TestMarket(await open(), { env, wrap: writtenAfter(written.promise) }).start();
      const provider = await market.join("alpha");
      provider.script = { beforeHead: untilCancelled };
      const request = market.request();
      const connection = new AbortController();
      const read = market.read(request, connection.signal);
      await waitFor(() => provider.asked.length === 1);
      connection.abort();
      await read;
      written.resolve();
      await waitFor(async () => {
        const { state, voidReason } = await market.settlementOf(request.requestId).catch(() => nothing);
        return state === SettlementState.VOIDED && voidReason === "RESERVATION_EXPIRED";
      });
      expect(await market.balance()).toEqual({ spent: 0n, reserved: 0n });
    });

    test("a store that fails is told to the client, whatever the provider has done", async () => {
      const away = Promise.reject(new Error("the store broke"));
      away.catch(() => undefined);
      market = await new TestMarket(await open(), { wrap: writtenAfter(away) }).start();
      const provider = await market.join("alpha");
      const seen = await market.ask();
      expect(seen).toMatchObject({ head: undefined, text: "", end: undefined });
      expect(seen.error).toBeDefined();
      expect(provider.asked).toHaveLength(1);
      expect(await market.stores.money.account(accountId)).toMatchObject({ spent: 0n, reserved: 0n });
      market.bugs.length = 0;
    });
  });
}

const nothing = { state: SettlementState.UNSPECIFIED, voidReason: "" };
