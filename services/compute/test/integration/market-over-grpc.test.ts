import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { SettlementState } from "@koinon/contracts/koinon/compute/v1/market_service";
import { ProviderServiceDefinition } from "@koinon/contracts/koinon/compute/v1/provider_service";
import { createGrpcChannel } from "@koinon/rpc/grpc-channel";
import { GrpcServer } from "@koinon/rpc/grpc-server";
import { LocalServices } from "@koinon/rpc/in-process";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { waitFor } from "@koinon/testkit/wait-for";
import { MemoryMoneyStore } from "../../src/market/accounts/memory-money-store.ts";
import { MemoryInstanceStore } from "../../src/market/reconcile/memory-instance-store.ts";
import { isRetryableReason } from "../../src/market/reconcile/receipt-result.ts";
import { MemoryRegistryStore } from "../../src/market/registry/memory-registry-store.ts";
import { eventsOf, ScriptedProvider } from "../market/scripted-provider.ts";
import { chatOffer, registrationMessage, TestMarket } from "../market/test-market.ts";

// A provider in another process, as far as the transport can tell: gRPC over a unix socket, with its buffers in between.
const clock = { now: () => Date.now() };

describe("a provider over gRPC", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let server: GrpcServer;
  let provider: ScriptedProvider;
  let market: TestMarket;

  beforeEach(async () => {
    folder = await temporaryFolder();
    const address = `unix:${path.join(folder.path, "provider.sock")}`;
    provider = new ScriptedProvider("alpha", { clock });
    server = new GrpcServer({ security: { kind: "plaintext" } }, { clock });
    server.add(new LocalServices({ clock }).add(provider.binding()));
    await server.listen(address);
    const dial = (target: string) =>
      createGrpcChannel(
        {
          address: target,
          security: { kind: "plaintext", caller: "market" },
          definitions: [ProviderServiceDefinition],
        },
        { clock },
      );
    const stores = {
      money: new MemoryMoneyStore(),
      registry: new MemoryRegistryStore(),
      instances: new MemoryInstanceStore(),
    };
    const env = { MARKET_ENDPOINT_KINDS: "unix", MARKET_HEARTBEAT_INTERVAL_MS: "60000" };
    market = await new TestMarket(stores, { env, dial }).start();
    await market.client.registerProvider(registrationMessage(provider, [chatOffer], { endpoint: address }));
  });
  afterEach(async () => {
    await market.stop();
    await server.stop(AbortSignal.abort());
    await folder.remove();
  });

  const handIn = () =>
    waitFor(async () => {
      const { results } = await market.client.submitReceipts({ receipts: provider.journal });
      return results.some(({ reason }) => isRetryableReason(reason)) ? undefined : results;
    });

  test("answers, whole and streamed", async () => {
    expect((await market.ask()).end?.fee).toBe("12");
    const chunks = eventsOf(Array.from({ length: 200 }, (_, word) => `word${word}`));
    provider.script = { contentType: "text/event-stream", chunks };
    const seen = await market.ask();
    expect(seen).toMatchObject({ text: chunks.join(""), end: { fee: "12" } });
    expect(await market.spent()).toBe(24n);
  });

  test("a client that leaves: the call is cancelled, what was under way costs no more than a few units", async () => {
    const chunks = eventsOf(Array.from({ length: 400 }, () => "word"));
    provider.script = {
      contentType: "text/event-stream",
      chunks,
      beforeChunk: () => new Promise((done) => setImmediate(done)),
    };
    const request = market.request();
    let seen = 0;
    for await (const { part } of market.client.infer(request)) if (part?.$case === "chunk" && ++seen === 3) break;
    await waitFor(() => provider.cancelled === 1, { what: "the provider is told" });
    // It may have handed more to its socket than the market has taken.
    expect(await handIn()).toEqual([{ accepted: true, reason: "" }]);
    expect(await market.settlementOf(request.requestId)).toMatchObject({ state: SettlementState.SETTLED, fee: "12" });
  });

  test("dies after the first byte: an explicit error, nothing paid", async () => {
    provider.script = {
      contentType: "text/event-stream",
      chunks: eventsOf(["one", "two"]),
      beforeChunk: (place) => (place === 1 ? new Promise(() => undefined) : Promise.resolve()),
    };
    const request = market.request();
    const parts = market.client.infer(request)[Symbol.asyncIterator]();
    expect((await parts.next()).value?.part?.$case).toBe("head");
    expect((await parts.next()).value?.part?.$case).toBe("chunk");
    await server.stop(AbortSignal.abort());
    await expect(parts.next()).rejects.toMatchObject({ facts: { reason: "PROVIDER_BROKE_OFF" } });
    await waitFor(async () => (await market.settlementOf(request.requestId)).voidReason === "PROVIDER_BROKE_OFF");
  });

  test("is not there: the failure is told, nothing paid", async () => {
    await server.stop(AbortSignal.abort());
    const request = market.request();
    expect((await market.read(request)).error).toMatchObject({
      code: "PROVIDERS_FAILED",
      facts: { last: "UNREACHABLE" },
    });
    await waitFor(async () => (await market.settlementOf(request.requestId)).voidReason === "PROVIDERS_FAILED");
    expect(await market.balance()).toEqual({ spent: 0n, reserved: 0n });
  });
});
