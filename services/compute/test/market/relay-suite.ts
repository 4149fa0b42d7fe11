import { afterEach, describe, expect, test } from "@jest/globals";
import { Endpoint } from "@koinon/contracts/koinon/compute/v1/inference";
import { ProviderState, SettlementState } from "@koinon/contracts/koinon/compute/v1/market_service";
import { RpcError } from "@koinon/rpc/rpc-error";
import { bytesToHex } from "@koinon/secp256k1/hex";
import { waitFor } from "@koinon/testkit/wait-for";
import { testManifest } from "./party.ts";
import { completionOf, eventsOf, unavailable } from "./scripted-provider.ts";
import { accountId, chatOffer, policy, type Stores, TestMarket } from "./test-market.ts";

const cheap = [{ ...chatOffer, quote: { requestPrice: 4n } }];

/** What becomes of requests, whatever the stores. */
export function relaySuite(name: string, open: () => Promise<Stores>): void {
  describe(`relay: ${name}`, () => {
    describe("an answer", () => {
      let market: TestMarket;
      afterEach(() => market.stop());

      test("comes through untouched, is settled once, published once, and can be looked up", async () => {
        market = await new TestMarket(await open()).start();
        const provider = await market.join("alpha");
        provider.script = { chunks: [completionOf("it is ", 3, 2)] };
        const request = market.request();
        const seen = await market.read(request);
        expect(seen).toMatchObject({ text: completionOf("it is ", 3, 2), error: undefined });
        expect(seen.head).toMatchObject({ status: 200, contentType: "application/json", providerName: "alpha" });
        // 5 for the request, 1 for each of 3 input units, 2 for each of 2 output units.
        expect(seen.end).toMatchObject({ fee: "12", inputUnits: 3n, outputUnits: 2n });
        const settlement = await market.settlementOf(request.requestId);
        expect(settlement).toMatchObject({
          ...{ state: SettlementState.SETTLED, fee: "12", relayed: true, model: "test-model", accountId },
          attempts: [{ providerName: "alpha", outcome: "SERVED" }],
        });
        expect(await market.settlementOf(seen.end?.receiptId as Uint8Array)).toEqual(settlement);
        expect(await market.balance()).toEqual({ spent: 12n, reserved: 0n });
        expect(await market.events()).toEqual([`koinon.compute.v1.settled.${provider.party.address}`]);
        // The provider sees the request as it was sent, and the most that was reserved for it.
        const [asked] = provider.asked;
        expect(Buffer.from(asked?.body ?? []).equals(request.body)).toBe(true);
        expect(asked?.maxFee).toBe(settlement.reserved);
      });

      test("that is streamed comes as it is made; its end comes after the receipt", async () => {
        market = await new TestMarket(await open()).start();
        const provider = await market.join("alpha");
        const gate = Promise.withResolvers<void>();
        provider.script = {
          contentType: "text/event-stream",
          chunks: eventsOf(["one", "two"]),
          beforeChunk: async (place) => (place === 1 ? await gate.promise : undefined),
        };
        const iterator = market.client.infer(market.request())[Symbol.asyncIterator]();
        await iterator.next();
        const first = (await iterator.next()).value?.part;
        expect(new TextDecoder().decode(first?.$case === "chunk" ? first.value : undefined)).toContain("one");
        gate.resolve();
        const rest: string[] = [];
        for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
          const { part } = next.value;
          rest.push(part?.$case === "chunk" ? new TextDecoder().decode(part.value) : (part?.$case ?? ""));
        }
        expect(rest).toEqual([expect.stringContaining("two"), "data: [DONE]\n\n", "end"]);
        expect(await market.spent()).toBe(12n);
      });

      test("of an embedding is metered by its input", async () => {
        market = await new TestMarket(await open()).start();
        const offer = { manifest: testManifest("embed", { kind: "embedding" }) };
        const provider = await market.join("alpha", [offer]);
        const usage = { prompt_tokens: 3, total_tokens: 3 };
        provider.script = { chunks: [JSON.stringify({ data: [], usage })], outputUnits: 0n };
        const seen = await market.ask({ endpoint: Endpoint.EMBEDDINGS, model: "embed" });
        expect(seen.end).toMatchObject({ fee: "8", outputUnits: 0n });
      });

      test("several at once to one consumer are all settled, in the order of the session", async () => {
        market = await new TestMarket(await open()).start();
        const provider = await market.join("alpha");
        const seen = await Promise.all(Array.from({ length: 8 }, () => market.ask()));
        expect(seen.map(({ error }) => error)).toEqual(Array(8).fill(undefined));
        expect(await market.spent()).toBe(96n);
        expect(await market.events()).toHaveLength(8);
        expect(provider.journal).toHaveLength(8);
      });

      test("names to its provider, with the next request, the receipts that are settled", async () => {
        market = await new TestMarket(await open()).start();
        const [alpha, beta] = [await market.join("alpha"), await market.join("beta")];
        const [toAlpha, toBeta] = ["alpha", "beta"].map((name) => ({ policy: policy({ order: [name] }) }));
        const first = await market.ask(toAlpha);
        // Reading the budget ends the collecting of settlements.
        expect(await market.spent()).toBe(12n);
        await market.ask(toBeta);
        await market.ask(toAlpha);
        await market.ask(toAlpha);
        const named = ({ asked }: typeof alpha) => asked.map(({ settledReceipts }) => settledReceipts.map(bytesToHex));
        expect(named(beta)).toEqual([[]]);
        expect(named(alpha).slice(0, 2)).toEqual([[], [bytesToHex(first.end?.receiptId ?? new Uint8Array())]]);
        expect(named(alpha)[2]).not.toContain(named(alpha)[1]?.[0]);
      });

      test("that the engine refuses is passed on and not charged", async () => {
        market = await new TestMarket(await open()).start();
        const provider = await market.join("alpha");
        await market.join("beta");
        const refusal = '{"error":{"message":"no","type":"invalid_request_error","param":null,"code":null}}';
        provider.script = { status: 400, chunks: [refusal] };
        const request = market.request({ policy: policy({ order: ["alpha"] }) });
        const seen = await market.read(request);
        expect(seen).toMatchObject({ head: { status: 400 }, text: refusal, end: undefined, error: undefined });
        expect(await market.spent()).toBe(0n);
        expect(await market.settlementOf(request.requestId)).toMatchObject({
          ...{ state: SettlementState.VOIDED, voidReason: "ENGINE_REFUSED" },
          attempts: [{ outcome: "ENGINE_REFUSED" }],
        });
        expect((await market.stateOf(provider)).reason).toBe("");
      });
    });

    describe("routing", () => {
      let market: TestMarket;
      afterEach(() => market.stop());
      const servedBy = async (fields: Parameters<TestMarket["ask"]>[0] = {}) => {
        const seen = await market.ask(fields);
        return seen.head?.providerName ?? seen.error?.code;
      };

      test("by price, by order, by exclusion, by region, and by hash", async () => {
        market = await new TestMarket(await open()).start();
        await market.join("dear", [chatOffer], { region: "us-east" });
        const provider = await market.join("cheap", cheap);
        expect(await servedBy()).toBe("cheap");
        expect(await servedBy({ policy: policy({ order: ["dear"] }) })).toBe("dear");
        expect(await servedBy({ policy: policy({ exclude: [provider.party.address] }) })).toBe("dear");
        expect(await servedBy({ policy: policy({ regions: ["us-east"] }) })).toBe("dear");
        expect(await servedBy({ policy: policy({ only: ["nobody"] }) })).toBe("NO_PROVIDER_ALLOWED");
        const { providers } = await market.client.listProviders({ pageSize: 0, pageToken: "" });
        const [offer] = providers[0]?.offers ?? [];
        const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", Buffer.from(offer?.manifest ?? [])));
        expect(await servedBy({ model: bytesToHex(hash) })).toBe("cheap");
      });

      test("typed refusals", async () => {
        market = await new TestMarket(await open()).start();
        await market.join("alpha");
        expect(await servedBy({ model: "unheard-of" })).toBe("MODEL_UNKNOWN");
        expect(await servedBy({ endpoint: Endpoint.EMBEDDINGS })).toBe("MODEL_KIND_MISMATCH");
        expect(await servedBy({ accountId: "nobody" })).toBe("ACCOUNT_UNKNOWN");
        expect(await servedBy({ policy: policy({ maxFee: "1" }) })).toBe("NO_PROVIDER_ALLOWED");
        expect(await servedBy({ requestId: new Uint8Array(32).fill(1) })).toBe("FIELD_INVALID");
        expect(await servedBy({ endpoint: Endpoint.UNSPECIFIED })).toBe("FIELD_INVALID");
        expect(await servedBy({ body: new Uint8Array(4_000_001) })).toBe("BODY_TOO_LARGE");
        const [alpha] = market.providers.values();
        await market.client.heartbeat({ heartbeat: alpha?.party.heartbeat(market.clock.now(), { draining: true }) });
        const { error } = await market.ask();
        expect(error).toMatchObject({ code: "NO_PROVIDER_AVAILABLE", status: "UNAVAILABLE", retryAfterMs: 1_000 });
        expect(await market.balance()).toEqual({ spent: 0n, reserved: 0n });
      });

      test("a second provider answers when the first fails before its first byte, and only then", async () => {
        market = await new TestMarket(await open()).start();
        const first = await market.join("first", cheap);
        const second = await market.join("second");
        const failures: [string, () => Promise<void>][] = [
          ["UNREACHABLE", () => Promise.reject(unavailable())],
          ["OVERLOADED", () => Promise.reject(new RpcError("OVERLOADED", { status: "RESOURCE_EXHAUSTED" }))],
          ["BROKEN", () => Promise.reject(new Error("bug"))],
        ];
        for (const [outcome, beforeHead] of failures) {
          first.script = { beforeHead };
          const request = market.request();
          const seen = await market.read(request);
          expect([outcome, seen.head?.providerName, seen.error]).toEqual([outcome, "second", undefined]);
          const { attempts, provider } = await market.settlementOf(request.requestId);
          expect(attempts.map((attempt) => [attempt.providerName, attempt.outcome])).toEqual([
            ["first", outcome],
            ["second", "SERVED"],
          ]);
          expect(bytesToHex(provider)).toBe(second.party.address);
        }
        expect(await market.spent()).toBe(36n);
      });

      test("without a fallback the failure is told", async () => {
        market = await new TestMarket(await open()).start();
        const first = await market.join("first", cheap);
        await market.join("second");
        first.script = { beforeHead: () => Promise.reject(unavailable()) };
        const request = market.request({ policy: policy({ noFallback: true }) });
        expect((await market.read(request)).error).toMatchObject({ code: "PROVIDERS_FAILED", status: "UNAVAILABLE" });
        expect(await market.settlementOf(request.requestId)).toMatchObject({ voidReason: "PROVIDERS_FAILED" });
        expect(await market.balance()).toEqual({ spent: 0n, reserved: 0n });
      });

      test("a provider that is silent for too long is given up, and its call cancelled", async () => {
        market = await new TestMarket(await open(), { env: { MARKET_FIRST_BYTE_MS: "1000" } }).start();
        const first = await market.join("first", cheap);
        await market.join("second");
        first.script = {
          beforeHead: ({ signal }) =>
            new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
        };
        expect(await servedBy()).toBe("second");
        await waitFor(() => first.cancelled === 1, { what: "the silent provider's call is cancelled" });
      });

      test("a provider that keeps failing gets no more requests until a trial succeeds", async () => {
        let now = Date.UTC(2026, 5, 1);
        market = await new TestMarket(await open(), { clock: { now: () => now } }).start();
        const first = await market.join("first", cheap);
        await market.join("second");
        first.script = { beforeHead: () => Promise.reject(unavailable()) };
        for (let count = 0; count < 6; count++) expect(await servedBy()).toBe("second");
        expect(first.asked).toHaveLength(4);
        expect(await market.stateOf(first)).toEqual({ state: 3, reason: "CONNECTIONS_FAIL" });
        first.script = {};
        now += 1_000;
        expect(await servedBy()).toBe("first");
        expect(await market.stateOf(first)).toEqual({ state: 1, reason: "" });
      });

      test("a provider whose heartbeats are late is asked when nobody else is left, and not at all when they are very late", async () => {
        let now = Date.UTC(2026, 5, 1);
        const env = { MARKET_REFRESH_INTERVAL_MS: "50" };
        market = await new TestMarket(await open(), { clock: { now: () => now }, env }).start();
        const silent = await market.join("silent", cheap);
        const other = await market.join("other");
        now += 3_001;
        await market.beat(other);
        const missed = { state: ProviderState.UNREACHABLE, reason: "HEARTBEATS_MISSED" };
        await waitFor(async () => (await market.stateOf(silent)).reason === missed.reason);
        expect(await market.stateOf(silent)).toEqual(missed);
        expect(await servedBy()).toBe("other");
        other.script = { beforeHead: () => Promise.reject(unavailable()) };
        expect(await servedBy()).toBe("silent");
        await market.beat(other, { draining: true });
        expect(await servedBy()).toBe("silent");
        now += 7_000;
        await waitFor(async () => (await servedBy()) === "NO_PROVIDER_AVAILABLE");
      });

      test("a new price takes effect at once, and what was reserved under the old one is settled under it", async () => {
        market = await new TestMarket(await open()).start();
        const provider = await market.join("alpha");
        const gate = Promise.withResolvers<void>();
        provider.script = { beforeHead: () => gate.promise };
        const old = market.ask();
        await waitFor(() => provider.asked.length === 1);
        const dearer = [{ ...chatOffer, quote: { version: 2n, requestPrice: 50n } }];
        await market.client.registerProvider({
          ...provider.registration(dearer),
          offers: [...provider.registration(dearer).offers],
        });
        gate.resolve();
        expect((await old).end?.fee).toBe("12");
        expect((await market.ask()).end?.fee).toBe("57");
      });
    });

    describe("budgets and bounds", () => {
      let market: TestMarket;
      afterEach(() => market.stop());

      test("a hundred parallel requests on a budget for ten serve exactly ten", async () => {
        market = await new TestMarket(await open()).start(0n);
        const provider = await market.join("alpha");
        const probe = market.request();
        await market.accounts.deposit({ requestId: "probe", accountId, amount: "1000000" });
        await market.read(probe);
        const { reserved } = await market.settlementOf(probe.requestId);
        const { available } = (await market.accounts.getAccount({ accountId })).account ?? { available: "0" };
        // A second account with room for ten reservations of this size.
        await market.accounts.openAccount({
          requestId: "ten",
          accountId: "ten",
          consumer: new Uint8Array(20).fill(7),
          limit: String(BigInt(reserved) * 10n),
        });
        const asked = Promise.withResolvers<void>();
        provider.script = { beforeHead: () => asked.promise };
        const body = probe.body;
        let refused = 0;
        const all = Array.from({ length: 100 }, async () => {
          const seen = await market.read(market.request({ accountId: "ten", body }));
          if (seen.error !== undefined) refused++;
          return seen;
        });
        // Nothing is given back before all have asked.
        await waitFor(() => refused === 90, { what: "ninety are refused" });
        asked.resolve();
        const seen = await Promise.all(all);
        expect(seen.filter(({ end }) => end !== undefined)).toHaveLength(10);
        const refusals = seen.filter(({ error }) => error !== undefined);
        expect(new Set(refusals.map(({ error }) => error?.code))).toEqual(new Set(["INSUFFICIENT_FUNDS"]));
        expect(BigInt(available)).toBe(1_000_000n - 12n);
      });

      test("the same request is never served twice", async () => {
        market = await new TestMarket(await open()).start();
        const provider = await market.join("alpha");
        const request = market.request();
        const seen = await Promise.all([market.read(request), market.read(request)]);
        expect(seen.map(({ error }) => error?.code).sort()).toEqual(["REQUEST_ALREADY_SEEN", undefined]);
        expect((await market.read(request)).error?.code).toBe("REQUEST_ALREADY_SEEN");
        expect(provider.asked).toHaveLength(1);
        expect(await market.spent()).toBe(12n);
      });

      test("no more than a provider's capacity is with it, the rest waits, and too many are refused with a time", async () => {
        const env = { MARKET_PROVIDER_QUEUE_MAX: "2" };
        market = await new TestMarket(await open(), { env }).start();
        const provider = await market.join("alpha", [chatOffer], { capacity: 1n });
        const gate = Promise.withResolvers<void>();
        provider.script = { beforeHead: () => gate.promise };
        const waiting = [market.ask(), market.ask(), market.ask()];
        await waitFor(async () => (await market.records()).length === 3);
        const { error } = await market.ask();
        expect(error).toMatchObject({
          code: "MARKET_OVERLOADED",
          facts: { limit: "provider-queues" },
          retryAfterMs: 1_000,
        });
        expect(provider.asked).toHaveLength(1);
        gate.resolve();
        expect((await Promise.all(waiting)).map(({ error: failed }) => failed)).toEqual([
          undefined,
          undefined,
          undefined,
        ]);
      });

      test("requests and body bytes in hand are bounded", async () => {
        market = await new TestMarket(await open(), {
          env: { MARKET_REQUESTS_MAX: "1", MARKET_BODY_BYTES_IN_HAND_MAX: "1024" },
        }).start();
        const provider = await market.join("alpha");
        const gate = Promise.withResolvers<void>();
        provider.script = { beforeHead: () => gate.promise };
        const first = market.ask();
        await waitFor(() => provider.asked.length === 1);
        expect((await market.ask()).error).toMatchObject({ code: "MARKET_OVERLOADED", facts: { limit: "requests" } });
        gate.resolve();
        await first;
        const { error } = await market.ask({ body: new Uint8Array(1_025) });
        expect(error).toMatchObject({ code: "MARKET_OVERLOADED", facts: { limit: "body-bytes" } });
      });

      test("lists are paged, newest first, and page tokens are bound to the query", async () => {
        market = await new TestMarket(await open()).start();
        await market.join("alpha");
        for (let count = 0; count < 5; count++) await market.ask();
        await market.spent();
        const ids: string[] = [];
        let pageToken = "";
        do {
          const page = await market.client.listSettlements({ accountId, pageSize: 2, pageToken });
          ids.push(...page.settlements.map(({ requestId }) => bytesToHex(requestId)));
          pageToken = page.nextPageToken;
        } while (pageToken !== "");
        expect(ids).toHaveLength(5);
        expect(new Set(ids).size).toBe(5);
        const { nextPageToken } = await market.client.listSettlements({ accountId, pageSize: 2, pageToken: "" });
        const elsewhere = market.client.listSettlements({ accountId: "", pageSize: 2, pageToken: nextPageToken });
        await expect(elsewhere).rejects.toMatchObject({ code: "PAGE_TOKEN_INVALID" });
        await market.join("beta");
        const first = await market.client.listProviders({ pageSize: 1, pageToken: "" });
        const second = await market.client.listProviders({ pageSize: 1, pageToken: first.nextPageToken });
        expect([...first.providers, ...second.providers].map(({ name }) => name)).toEqual(["alpha", "beta"]);
        expect(second.nextPageToken).toBe("");
      });
    });
  });
}
