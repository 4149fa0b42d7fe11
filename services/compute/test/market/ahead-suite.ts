import { afterEach, describe, expect, test } from "@jest/globals";
import { Preference, type RoutingPolicy } from "@koinon/contracts/koinon/compute/v1/inference";
import { ProviderState, SettlementState } from "@koinon/contracts/koinon/compute/v1/market_service";
import { waitFor } from "@koinon/testkit/wait-for";
import type { MarketStorage } from "../../src/market/storage.ts";
import { replaceStep } from "./death.ts";
import { completionOf } from "./scripted-provider.ts";
import { accountId, chatOffer, type Stores, TestMarket } from "./test-market.ts";

const policy: RoutingPolicy = {
  ...{ prefer: Preference.UNSPECIFIED, order: [], only: [], exclude: [], regions: [] },
  ...{ noFallback: false, maxFee: "" },
};
const dear = { ...chatOffer, quote: { requestPrice: 500n } };

/** Requests that go to a provider while their reservation is being written, whatever the stores. */
export function aheadSuite(name: string, open: () => Promise<Stores>): void {
  describe(`ahead of the reservation: ${name}`, () => {
    let market: TestMarket;
    afterEach(() => market.stop());

    /** Thinks that every budget suffices, and writes reservations when told. */
    const sureOfAll = (written: Promise<void>) => (storage: MarketStorage) => {
      const { money } = storage;
      const reserveAhead: typeof money.reserveAhead = async (request) => {
        await written;
        return await money.reserveAhead(request);
      };
      const sure = replaceStep(money, "isLikely", () => true);
      return { ...storage, money: replaceStep(sure, "reserveAhead", reserveAhead) };
    };

    test("the provider is asked at once, and the client gets no byte before the reservation counts", async () => {
      const written = Promise.withResolvers<void>();
      market = await new TestMarket(await open(), { wrap: sureOfAll(written.promise) }).start();
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
      market = await new TestMarket(await open(), { wrap: sureOfAll(written.promise) }).start(0n);
      const provider = await market.join("alpha");
      const cancelled = Promise.withResolvers<void>();
      provider.script = {
        beforeHead: ({ signal }) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener("abort", () => {
              cancelled.resolve();
              reject(signal.reason);
            });
          }),
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
      market = await new TestMarket(await open(), { wrap: sureOfAll(written) }).start(400n + 300n);
      const [alpha, beta] = [await market.join("alpha", [dear]), await market.join("beta")];
      const request = market.request({ policy: { ...policy, order: ["alpha", "beta"] } });
      const seen = await market.read(request);
      expect(seen).toMatchObject({ head: { providerName: "beta" }, end: { fee: "12" }, error: undefined });
      expect([alpha.asked.length, beta.asked.length]).toEqual([1, 1]);
      expect((await market.settlementOf(request.requestId)).attempts.map(({ outcome }) => outcome)).toEqual(["SERVED"]);
      expect(await market.spent()).toBe(12n);
    });

    test("an answer to a request that was made before is not given, and its provider is not blamed", async () => {
      market = await new TestMarket(await open(), { wrap: sureOfAll(Promise.resolve()) }).start();
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
      market = await new TestMarket(await open(), { env, wrap: sureOfAll(written.promise) }).start();
      const provider = await market.join("alpha");
      provider.script = { beforeHead: ({ signal }) => rejectedBy(signal) };
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
      market = await new TestMarket(await open(), { wrap: sureOfAll(away) }).start();
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

function rejectedBy(signal: AbortSignal): Promise<void> {
  return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
}
