import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { MemoryBus } from "@koinon/bus/memory-bus";
import { AccountServiceDefinition } from "@koinon/contracts/koinon/compute/v1/account_service";
import { Endpoint, type InferResponse } from "@koinon/contracts/koinon/compute/v1/inference";
import {
  MarketServiceDefinition,
  SettledReceipt,
  SettlementState,
} from "@koinon/contracts/koinon/compute/v1/market_service";
import { ReceiptsLogged } from "@koinon/contracts/koinon/poi/v1/log_service";
import { Database } from "@koinon/postgres/database";
import { documentId } from "@koinon/receipts/document";
import { receiptDocument } from "@koinon/receipts/receipt";
import type { Client } from "@koinon/rpc/handler";
import { declareConfig } from "@koinon/runtime/config";
import { healthOf } from "@koinon/runtime/health";
import { Host, planHost } from "@koinon/runtime/host";
import type { ModuleDefinition } from "@koinon/runtime/module";
import { systemRandom } from "@koinon/runtime/random";
import { createTelemetry } from "@koinon/runtime/telemetry";
import { bytesToHex, hexToBytes } from "@koinon/secp256k1/hex";
import { startTestPostgres, type TestPostgres } from "@koinon/testkit/postgres";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { waitFor } from "@koinon/testkit/wait-for";
import { PostgresMoneyStore } from "../../src/market/accounts/postgres-money-store.ts";
import { marketModule } from "../../src/market/module.ts";
import { providerModule } from "../../src/provider/module.ts";
import { answerStream, type MockUpstream, startMockUpstream } from "../fixtures/mock-upstream.ts";
import { testDomain } from "../market/party.ts";
import { silentLog } from "../market/silent-log.ts";

// Both roles as a host runs them, on PostgreSQL, with a journal on disk and an engine behind a URL.
const clock = { now: () => Date.now(), monotonicMs: () => performance.now() };
const migrations = [{ schema: "compute", directory: fileURLToPath(new URL("../../migrations", import.meta.url)) }];
const accountId = "account-1";

let postgres: TestPostgres;
let url: string;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let upstream: MockUpstream;
let running: Running;
const requests = { count: 0 };

interface Running {
  readonly market: Client<MarketServiceDefinition>;
  readonly accounts: Client<AccountServiceDefinition>;
  readonly bus: MemoryBus;
  readonly host: Host;
  metrics(): Promise<string>;
  stop(): Promise<void>;
}

/** Everything in one process, as a laptop runs it; `gateway` is a module that only asks. */
async function startEverything(env: Record<string, string> = {}, offers = true): Promise<Running> {
  const clients: Partial<Pick<Running, "market" | "accounts">> = {};
  const gateway: ModuleDefinition<object> = {
    name: "gateway",
    config: declareConfig({}),
    provides: [],
    requires: [
      { definition: MarketServiceDefinition, from: "market", optional: false },
      { definition: AccountServiceDefinition, from: "market", optional: false },
    ],
    create: async (_config, deps) => {
      Object.assign(clients, {
        market: deps.client(MarketServiceDefinition),
        accounts: deps.client(AccountServiceDefinition),
      });
      const idle = async () => undefined;
      return { name: "gateway", services: [], start: idle, stop: idle, health: () => healthOf([]) };
    },
  };
  const source = {
    env: {
      MARKET_DATABASE_URL: url,
      MARKET_LEASE_MS: "2000",
      MARKET_HEARTBEAT_INTERVAL_MS: "400",
      PROVIDER_NAME: "alpha",
      PROVIDER_ENDPOINT: "local:provider",
      PROVIDER_DATA_DIR: folder.path,
      PROVIDER_ENGINE_URL: upstream.baseUrl,
      PROVIDER_OFFERS: '[{"model":"m","inputPrice":"1000000","outputPrice":"2000000","requestPrice":"5"}]',
      ...env,
    },
    readFile: () => "",
  };
  const definitions = [marketModule, providerModule, gateway] as ModuleDefinition<unknown>[];
  const plan = planHost(
    definitions.map((definition) => ({ definition })),
    source,
  );
  const bus = new MemoryBus({}, { clock });
  const telemetry = createTelemetry({ service: "test", metrics: true, otlpEndpoint: undefined }, clock);
  const host = new Host(plan, { clock, random: systemRandom, log: silentLog, telemetry, bus });
  await host.start(AbortSignal.timeout(10_000));
  const { market, accounts } = clients as Pick<Running, "market" | "accounts">;
  const listed = async () => (await market.listProviders({ pageSize: 0, pageToken: "" })).providers[0]?.offers.length;
  if (offers) await waitFor(listed);
  return {
    ...{ market, accounts, bus, host },
    metrics: () => telemetry.metricsText(),
    async stop() {
      for (const phase of host.shutdownPhases()) await phase.run(AbortSignal.timeout(5_000));
      await bus.close();
      await telemetry.close();
    },
  };
}

async function ask(fields: object = {}, options: { signal?: AbortSignal; leaveAfter?: number } = {}) {
  const requestId = new Uint8Array(32);
  new DataView(requestId.buffer).setUint32(28, ++requests.count);
  const parts: NonNullable<InferResponse["part"]>[] = [];
  let error: unknown;
  try {
    const stream = running.market.infer(
      {
        ...{
          requestId,
          accountId,
          endpoint: Endpoint.CHAT_COMPLETIONS,
          model: "m",
          policy: undefined,
          maxOutputTokens: 50,
        },
        body: Buffer.from(JSON.stringify({ model: "m", stream: true, messages: [{ role: "user", content: "hi" }] })),
        ...fields,
      },
      options.signal === undefined ? {} : { signal: options.signal },
    );
    for await (const { part } of stream) {
      if (part !== undefined) parts.push(part);
      if (parts.filter(({ $case }) => $case === "chunk").length === options.leaveAfter) break;
    }
  } catch (thrown) {
    error = thrown;
  }
  const text = parts.map((part) => (part.$case === "chunk" ? Buffer.from(part.value).toString() : "")).join("");
  return { requestId, text, error, end: parts.find(({ $case }) => $case === "end") };
}

const settlementOf = async (requestId: Uint8Array) => {
  const { settlement } = await running.market.getSettlement({ id: requestId, accountId });
  return settlement;
};
const balance = async () => {
  const { account } = await running.accounts.getAccount({ accountId });
  return { spent: account?.spent, reserved: account?.reserved };
};

beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres.stop());
beforeEach(async () => {
  url = (await postgres.database(migrations)).url;
  folder = await temporaryFolder();
  upstream = await startMockUpstream();
  running = await startEverything();
  const consumer = new Uint8Array(20).fill(0xc0);
  await running.accounts.openAccount({ requestId: "open", accountId, consumer, limit: "1000000" });
});
afterEach(async () => {
  await running.stop();
  await upstream.close();
  await folder.remove();
});

describe("market and provider", () => {
  test("an answer is proved, settled, published, and marked when it is in the log", async () => {
    const published: SettledReceipt[] = [];
    await running.bus.consume({
      durable: "poi",
      subject: "koinon.compute.v1.settled.>",
      maxDeliveries: 3,
      handler: async ({ payload }) => {
        published.push(SettledReceipt.decode(payload));
      },
    });
    const { requestId, text, end, error } = await ask();
    expect(error).toBeUndefined();
    expect(text).toContain("[DONE]");
    // 7 and 2 tokens by the engine's own count.
    expect(end).toMatchObject({ value: { fee: "16", inputUnits: 7n, outputUnits: 2n } });
    await waitFor(() => published.length === 1, { what: "the settlement is published" });
    const receipt = receiptDocument.struct.decode(published[0]?.receipt?.content ?? new Uint8Array());
    const receiptId = documentId(receiptDocument, receipt, testDomain);
    const logged = { receipts: [{ receiptId: hexToBytes(receiptId), index: 41n }] };
    const payload = ReceiptsLogged.encode(logged).finish();
    await running.bus.publish({ subject: "koinon.poi.v1.logged.0123456789abcdef", id: "logged-1", payload });
    const settlement = await settlementOf(requestId);
    expect(settlement).toMatchObject({ state: SettlementState.SETTLED, relayed: true, logIndex: 41n, fee: "16" });
    expect(bytesToHex(settlement?.receiptId ?? new Uint8Array())).toBe(receiptId);
    expect(await balance()).toEqual({ spent: "16", reserved: "0" });
  });

  test("a client that leaves pays for what it got, through the provider's journal", async () => {
    upstream.behave(async (_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      for (let word = 0; !response.destroyed && word < 200; word++) {
        response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: "word " } }] })}\n\n`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    });
    const { requestId } = await ask({}, { leaveAfter: 3 });
    const settlement = await waitFor(async () => {
      const now = await settlementOf(requestId);
      return now?.state === SettlementState.SETTLED && now;
    });
    expect(BigInt(settlement.fee)).toBeGreaterThan(5n);
    expect(settlement.attempts.map(({ outcome }) => outcome)).toEqual(["CANCELLED", "HANDED_IN"]);
    expect((await balance()).reserved).toBe("0");
  });

  test("an engine that breaks off is nobody's lie and costs nothing", async () => {
    upstream.behave((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: "word " } }] })}\n\n`);
      setTimeout(() => response.destroy(), 10);
    });
    const { requestId, error, text } = await ask();
    expect(error).toMatchObject({ code: "ANSWER_BROKEN" });
    expect(text).not.toContain("[DONE]");
    await waitFor(async () => (await settlementOf(requestId))?.voidReason === "PROVIDER_BROKE_OFF");
    upstream.behave(answerStream(["fine"]));
    expect((await ask()).end).toBeDefined();
  });

  test("what was signed behind a receipt that can not be settled is paid for under a new one", async () => {
    upstream.behave(async (_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      for (let word = 0; !response.destroyed && word < 200; word++) {
        response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: "word " } }] })}\n\n`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    });
    const { requestId: lost } = await ask({}, { leaveAfter: 3 });
    await waitFor(async () => (await settlementOf(lost))?.attempts.length === 1, { what: "the relay is over" });
    // As if its provider had been away for too long.
    const database = new Database({ url, applicationName: "test", schema: "compute" });
    await new PostgresMoneyStore({}, { database }).expire(Date.now() + 3_600_000, 10);
    await database.close();
    upstream.behave(answerStream(["fine"]));
    const { requestId, end } = await ask();
    expect(end).toBeDefined();
    const settlement = await waitFor(
      async () => {
        const now = await settlementOf(requestId);
        return now?.state === SettlementState.SETTLED && now;
      },
      { deadlineMs: 20_000 },
    );
    const receipt = receiptDocument.struct.decode(settlement.receipt?.receipt?.content ?? new Uint8Array());
    expect(receipt.sequence).toBe(0n);
    expect(settlement).toMatchObject({ relayed: true, fee: "16" });
    expect(await settlementOf(lost)).toMatchObject({ voidReason: "RESERVATION_EXPIRED" });
    expect((await ask()).end).toBeDefined();
    await waitFor(async () => (await balance()).spent === "32");
  });

  test("after a stop in the middle of everything nothing is lost and nothing paid twice", async () => {
    const answered: Uint8Array[] = [];
    const client = async () => {
      for (let round = 0; round < 15; round++) {
        const { requestId, end } = await ask();
        if (end !== undefined) answered.push(requestId);
      }
    };
    const load = Promise.all([client(), client(), client()]);
    await waitFor(() => answered.length > 5);
    await running.stop();
    await load;
    running = await startEverything();
    for (const requestId of answered) {
      await waitFor(async () => (await settlementOf(requestId))?.state === SettlementState.SETTLED);
    }
    await waitFor(async () => (await balance()).reserved === "0", { what: "nothing is reserved any more" });
    const { settlements } = await running.market.listSettlements({ accountId, pageSize: 100, pageToken: "" });
    const settled = settlements.filter(({ state }) => state === SettlementState.SETTLED);
    const fees = settled.reduce((sum, { fee }) => sum + BigInt(fee), 0n);
    expect(await balance()).toEqual({ spent: String(fees), reserved: "0" });
    // The session goes on as soon as the provider is there.
    await waitFor(async () => (await ask()).end, { what: "an answer after the restart" });
  });

  test("a rule about regions holds for the provider that was there before it", async () => {
    expect((await ask()).end).toBeDefined();
    await running.stop();
    running = await startEverything({ MARKET_ALLOWED_REGIONS: "eu" }, false);
    const registration = () =>
      running.host.health().modules.provider?.parts.find(({ name }) => name === "registration");
    const told = () => registration()?.detail?.startsWith("not registered: REGION_NOT_ALLOWED");
    await waitFor(told, { what: "the provider is told" });
    const { error, end } = await ask();
    expect([end, error]).toMatchObject([undefined, { code: "MODEL_UNKNOWN" }]);
  });

  test("every declared metric is there", async () => {
    await ask();
    await waitFor(async () => (await balance()).reserved === "0");
    const text = await running.metrics();
    for (const name of [
      "requests",
      "attempts",
      "settlements",
      "first_byte",
      "reserve",
      "requests_active",
      "providers",
    ]) {
      expect(text).toContain(`market_${name}`);
    }
    expect(running.host.health().modules.market).toMatchObject({ status: "serving" });
  });
});
