import { MemoryBus } from "@koinon/bus/memory-bus";
import { AccountServiceDefinition } from "@koinon/contracts/koinon/compute/v1/account_service";
import type { AnswerEnd, AnswerHead, InferRequest } from "@koinon/contracts/koinon/compute/v1/inference";
import { Endpoint } from "@koinon/contracts/koinon/compute/v1/inference";
import { MarketServiceDefinition, type Settlement } from "@koinon/contracts/koinon/compute/v1/market_service";
import { ProviderServiceDefinition } from "@koinon/contracts/koinon/compute/v1/provider_service";
import { createClient } from "@koinon/rpc/client";
import type { Client } from "@koinon/rpc/handler";
import { LocalServices } from "@koinon/rpc/in-process";
import type { RpcError } from "@koinon/rpc/rpc-error";
import { ConfigReader } from "@koinon/runtime/config";
import { bytesToHex, type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import { SeededRandom } from "@koinon/testkit/seeded-random";
import { createNoopMeter } from "@opentelemetry/api";
import { type MarketConfig, marketConfig } from "../../src/market/config.ts";
import { Market } from "../../src/market/market.ts";
import { MemoryInstanceStore } from "../../src/market/reconcile/memory-instance-store.ts";
import { MemoryRegistryStore } from "../../src/market/registry/memory-registry-store.ts";
import { RpcProviderConnector } from "../../src/market/rpc/provider-connector.ts";
import type { MarketStorage } from "../../src/market/storage.ts";
import { MemoryMoney } from "./memory-money.ts";
import { type PartyOffer, testManifest } from "./party.ts";
import { ScriptedProvider } from "./scripted-provider.ts";
import { silentLog } from "./silent-log.ts";

/** What survives a crash of the market. */
export interface Surviving {
  readonly money: MemoryMoney;
  readonly registry: MemoryRegistryStore;
  readonly instances: MemoryInstanceStore;
}

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
  readonly surviving: Surviving;
  readonly market: Market;
  readonly client: Client<MarketServiceDefinition>;
  readonly accounts: Client<AccountServiceDefinition>;
  readonly providers = new Map<string, ScriptedProvider>();
  /** What handlers threw that is no declared fault. */
  readonly bugs: unknown[] = [];
  readonly #services: LocalServices;
  readonly #providerServices = new Map<string, LocalServices>();
  #requests = 0;

  constructor(
    options: {
      clock?: { now(): number };
      env?: Record<string, string>;
      surviving?: Surviving;
      seed?: string;
      wrap?: (storage: MarketStorage) => MarketStorage;
    } = {},
  ) {
    this.clock = options.clock ?? { now: () => Date.now() };
    this.bus = new MemoryBus({}, { clock: this.clock });
    this.surviving = options.surviving ?? {
      money: new MemoryMoney(),
      registry: new MemoryRegistryStore(),
      instances: new MemoryInstanceStore(),
    };
    const storage: MarketStorage = {
      ...this.surviving,
      start: () => undefined,
      settled: () => undefined,
      stop: async () => undefined,
    };
    const connector = new RpcProviderConnector(
      { kinds: new Set(["local"]), connectionsMax: 16 },
      {
        open: (address) => {
          const services = this.#providerServices.get(address);
          const channel = (services ?? new LocalServices({ clock: this.clock })).channel("market");
          return {
            client: createClient(ProviderServiceDefinition, channel, {}, { clock: this.clock }),
            close: () => channel.close(),
          };
        },
      },
    );
    this.market = new Market(testConfig(options.env), {
      storage: options.wrap?.(storage) ?? storage,
      connector,
      clock: this.clock,
      random: new SeededRandom(options.seed ?? "market"),
      log: silentLog,
      meter: createNoopMeter(),
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
  async beat(provider: ScriptedProvider): Promise<void> {
    const load = { active: 0, queued: 0, draining: false };
    await this.client.heartbeat({ provider: hexToBytes(provider.party.address), ...load });
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

  async read(request: InferRequest, signal?: AbortSignal): Promise<SeenAnswer> {
    const seen: SeenAnswer = { head: undefined, text: "", end: undefined, error: undefined };
    try {
      for await (const { part } of this.client.infer(request, signal === undefined ? {} : { signal })) {
        if (part?.$case === "head") seen.head = part.value;
        if (part?.$case === "chunk") seen.text += new TextDecoder().decode(part.value);
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
  balance(): { spent: bigint; reserved: bigint } {
    const account = this.surviving.money.accounts.get(accountId);
    return { spent: account?.spent ?? 0n, reserved: account?.reserved ?? 0n };
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
