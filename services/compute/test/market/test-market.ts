import { MemoryBus } from "@koinon/bus/memory-bus";
import { AccountServiceDefinition } from "@koinon/contracts/koinon/compute/v1/account_service";
import type { AnswerEnd, AnswerHead, InferRequest } from "@koinon/contracts/koinon/compute/v1/inference";
import { Endpoint, RoutingPolicy } from "@koinon/contracts/koinon/compute/v1/inference";
import { MarketServiceDefinition, type Settlement } from "@koinon/contracts/koinon/compute/v1/market_service";
import { ProviderServiceDefinition } from "@koinon/contracts/koinon/compute/v1/provider_service";
import type { Channel } from "@koinon/rpc/channel";
import { createClient } from "@koinon/rpc/client";
import type { Client } from "@koinon/rpc/handler";
import { LocalServices } from "@koinon/rpc/in-process";
import type { RpcError } from "@koinon/rpc/rpc-error";
import { ConfigReader } from "@koinon/runtime/config";
import { bytesToHex, type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import { SeededRandom } from "@koinon/testkit/seeded-random";
import { waitFor } from "@koinon/testkit/wait-for";
import { createNoopMeter, type Meter } from "@opentelemetry/api";
import type { SettlementRecord } from "../../src/market/accounts/money-store.ts";
import { type MarketConfig, marketConfig } from "../../src/market/config.ts";
import { Market } from "../../src/market/market.ts";
import { RpcProviderConnector } from "../../src/market/rpc/provider-connector.ts";
import type { MarketStorage } from "../../src/market/storage.ts";
import { type PartyOffer, testManifest } from "./party.ts";
import { ScriptedProvider } from "./scripted-provider.ts";
import { silentLog } from "./silent-log.ts";

/** What survives a crash of the market. */
export type Stores = Pick<MarketStorage, "money" | "registry" | "instances">;

/** An answer as its client saw it. */
export interface SeenAnswer {
  head: AnswerHead | undefined;
  text: string;
  end: AnswerEnd | undefined;
  error: RpcError | undefined;
}

export const chatOffer: PartyOffer = { manifest: testManifest("test-model") };
export const accountId = "account-1";
export const consumer: Hex = `0x${"c0".repeat(20)}`;

/** Any provider, but for these fields. */
export const policy = (fields: Partial<RoutingPolicy>): RoutingPolicy => ({
  ...RoutingPolicy.decode(new Uint8Array()),
  ...fields,
});

/** The settings of the market, with these environment variables. */
export function testConfig(env: Record<string, string> = {}): MarketConfig {
  const reader = new ConfigReader({
    env: { MARKET_DATABASE_URL: "postgresql://unused", ...env },
    readFile: () => "",
  });
  const config = reader.read("market", marketConfig);
  reader.finish();
  return config;
}

/** A whole market with real handlers over the in-process transport, on stores that survive it. */
export class TestMarket {
  readonly clock: { now(): number };
  readonly bus: MemoryBus;
  readonly stores: Stores;
  readonly market: Market;
  readonly client: Client<MarketServiceDefinition>;
  readonly accounts: Client<AccountServiceDefinition>;
  readonly providers = new Map<string, ScriptedProvider>();
  /** What handlers threw that is no declared fault. */
  readonly bugs: unknown[] = [];
  readonly #services: LocalServices;
  readonly #providerServices = new Map<string, LocalServices>();
  readonly #instance: string;
  #requests = 0;
  #beatSentAt = 0;

  constructor(
    stores: Stores,
    options: {
      clock?: { now(): number };
      env?: Record<string, string>;
      /** Tells this process from others on the same stores. */
      seed?: string;
      wrap?: (storage: MarketStorage) => MarketStorage;
      meter?: Meter;
      /** Reaches providers elsewhere than in this process. */
      dial?: (address: string) => Channel;
    } = {},
  ) {
    this.clock = options.clock ?? { now: () => Date.now() };
    this.bus = new MemoryBus({}, { clock: this.clock });
    this.stores = stores;
    const storage: MarketStorage = {
      ...stores,
      available: async () => undefined,
      start: () => undefined,
      settled: () => undefined,
      stop: async () => undefined,
    };
    const connector = new RpcProviderConnector(
      { kinds: new Set(["local", "unix"]), connectionsMax: 16 },
      {
        open: (address) => {
          const services = this.#providerServices.get(address) ?? new LocalServices({ clock: this.clock });
          const channel = options.dial?.(address) ?? services.channel("market");
          return {
            client: createClient(ProviderServiceDefinition, channel, {}, { clock: this.clock }),
            close: () => channel.close(),
          };
        },
      },
    );
    const random = new SeededRandom(options.seed ?? "market");
    // The first thing that a process draws.
    this.#instance = bytesToHex(new SeededRandom(random.seed).bytes(8));
    this.market = new Market(testConfig(options.env), {
      storage: options.wrap?.(storage) ?? storage,
      connector,
      clock: this.clock,
      random,
      log: silentLog,
      meter: options.meter ?? createNoopMeter(),
      bus: this.bus,
    });
    this.#services = new LocalServices({ clock: this.clock, onBug: (error) => this.bugs.push(error) });
    for (const binding of this.market.services) this.#services.add(binding);
    const deps = { clock: this.clock };
    this.client = createClient(MarketServiceDefinition, this.#services.channel("gateway"), {}, deps);
    this.accounts = createClient(AccountServiceDefinition, this.#services.channel("gateway"), {}, deps);
  }

  async start(limit = 1_000_000n): Promise<this> {
    await this.market.start();
    await this.accounts.openAccount({
      requestId: "open",
      accountId,
      consumer: hexToBytes(consumer),
      limit: limit.toString(),
    });
    return this;
  }

  /** This process, as reservations name it. */
  get instance(): string {
    return this.#instance;
  }

  /** Stops in order; fails when a handler had thrown what it should not. */
  async stop(): Promise<void> {
    await this.market.stop(new AbortController().signal);
    await this.bus.close();
    if (this.bugs.length > 0) throw new AggregateError(this.bugs, "handlers threw what is no fault");
  }

  /** A provider in this process that is registered. */
  async join(
    name: string,
    offers: readonly PartyOffer[] = [chatOffer],
    fields: object = {},
  ): Promise<ScriptedProvider> {
    const provider = new ScriptedProvider(name, { clock: this.clock });
    this.connect(provider);
    await this.client.registerProvider(registrationMessage(provider, offers, fields));
    return provider;
  }

  /** Makes a provider reachable. */
  connect(provider: ScriptedProvider): void {
    const services = new LocalServices({ clock: this.clock });
    services.add(provider.binding());
    this.#providerServices.set(`local:${provider.party.name}`, services);
    this.providers.set(provider.party.name, provider);
  }

  /** A sign of life. */
  async beat(provider: ScriptedProvider, fields: { draining?: boolean } = {}): Promise<void> {
    this.#beatSentAt = Math.max(this.clock.now(), this.#beatSentAt + 1);
    await this.client.heartbeat({ heartbeat: provider.party.heartbeat(this.#beatSentAt, fields) });
  }

  /** A request that nobody made before. */
  request(fields: Partial<InferRequest> = {}): InferRequest {
    const id = new Uint8Array(32);
    new DataView(id.buffer).setUint32(28, ++this.#requests);
    return {
      requestId: id,
      accountId,
      endpoint: Endpoint.CHAT_COMPLETIONS,
      body: new TextEncoder().encode(`{"model":"test-model","n":${this.#requests}}`),
      model: "test-model",
      policy: undefined,
      maxOutputTokens: 100,
      ...fields,
    };
  }

  /** Asks, and reads the answer to its end, whatever that is. */
  async ask(fields: Partial<InferRequest> = {}, signal?: AbortSignal): Promise<SeenAnswer> {
    return await this.read(this.request(fields), signal);
  }

  async read(
    request: InferRequest,
    signal?: AbortSignal,
    heard: (text: string) => void = () => undefined,
  ): Promise<SeenAnswer> {
    const seen: SeenAnswer = { head: undefined, text: "", end: undefined, error: undefined };
    try {
      for await (const { part } of this.client.infer(request, signal === undefined ? {} : { signal })) {
        if (part?.$case === "head") seen.head = part.value;
        if (part?.$case === "chunk") seen.text += new TextDecoder().decode(part.value);
        heard(seen.text);
        if (part?.$case === "end") seen.end = part.value;
      }
    } catch (error) {
      seen.error = error as RpcError;
    }
    return seen;
  }

  /** What the market knows of a request. */
  async settlementOf(requestId: Uint8Array): Promise<Settlement> {
    const { settlement } = await this.client.getSettlement({ id: requestId, accountId: "" });
    return settlement as Settlement;
  }

  /** The money of the account: what is spent and what is reserved. */
  async balance(account = accountId): Promise<{ spent: bigint; reserved: bigint }> {
    const found = await this.stores.money.account(account);
    return { spent: found?.spent ?? 0n, reserved: found?.reserved ?? 0n };
  }

  /** Resolves with what is spent when nothing is reserved any more. */
  async spent(): Promise<bigint> {
    const { spent } = await waitFor(
      async () => {
        const balance = await this.balance();
        return balance.reserved === 0n && balance;
      },
      { what: "nothing is reserved" },
    );
    return spent;
  }

  /** Everything known of all requests, newest first. */
  async records(): Promise<SettlementRecord[]> {
    return await this.stores.money.settlements({ accountId: undefined, limit: 1_000, after: undefined });
  }

  /** Subjects of the events of settlements that are not logged, in order. */
  async events(): Promise<string[]> {
    const unlogged = await this.stores.money.unlogged(Number.MAX_SAFE_INTEGER, 1_000);
    return unlogged.map(({ subject }) => subject);
  }

  /** State and reason of a provider as the market lists it. */
  async stateOf(provider: ScriptedProvider): Promise<{ state: number; reason: string }> {
    const { providers } = await this.client.listProviders({ pageSize: 0, pageToken: "" });
    const found = providers.find(({ address }) => bytesToHex(address) === provider.party.address);
    return { state: found?.state ?? 0, reason: found?.stateReason ?? "" };
  }
}

/** A registration as a provider sends it. */
export function registrationMessage(provider: ScriptedProvider, offers: readonly PartyOffer[], fields: object = {}) {
  const { certificate, announcement, offers: offered } = provider.registration(offers, fields);
  return { certificate, announcement, offers: [...offered] };
}
