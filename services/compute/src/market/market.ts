import type { Bus, Consumption } from "@koinon/bus/bus";
import { AccountServiceDefinition } from "@koinon/contracts/koinon/compute/v1/account_service";
import { MarketServiceDefinition } from "@koinon/contracts/koinon/compute/v1/market_service";
import type { Domain } from "@koinon/eip712/domain";
import { PageTokens } from "@koinon/postgres/page-token";
import { createKoinonDomain } from "@koinon/receipts/domain";
import { bindService, type ServiceBinding } from "@koinon/rpc/binding";
import type { Clock } from "@koinon/runtime/clock";
import { type Health, healthOf } from "@koinon/runtime/health";
import type { Logger } from "@koinon/runtime/logger";
import type { Module } from "@koinon/runtime/module";
import type { Random } from "@koinon/runtime/random";
import type { Address } from "@koinon/secp256k1/address";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import type { Meter } from "@opentelemetry/api";
import type { MarketConfig } from "./config.ts";
import { consumeLogged } from "./events/logged-consumer.ts";
import { MarketMetrics } from "./metrics.ts";
import { PeriodicTasks } from "./periodic.ts";
import { DocumentShelf } from "./reconcile/document-shelf.ts";
import { ReceiptIntake } from "./reconcile/receipt-intake.ts";
import { Reconciler } from "./reconcile/reconciler.ts";
import { Registry } from "./registry/registry.ts";
import { AccountDirectory } from "./relay/account-directory.ts";
import { Acknowledgements } from "./relay/acknowledgements.ts";
import type { ProviderConnector } from "./relay/provider-connection.ts";
import { ProviderSlots } from "./relay/provider-slots.ts";
import { relayRequest } from "./relay/relay.ts";
import { RequestGate } from "./relay/request-gate.ts";
import { SessionTracker } from "./relay/session-tracker.ts";
import { SettlementWriter } from "./relay/settlement-writer.ts";
import { createAccountHandlers } from "./rpc/account-service.ts";
import { marketFaults } from "./rpc/fault-table.ts";
import { createMarketHandlers } from "./rpc/market-service.ts";
import type { MarketStorage } from "./storage.ts";
import { breakerOptions, limits, relayOptions, requestsBeside, standingOptions } from "./tuning.ts";

/** What the market works with. */
export interface MarketDependencies {
  readonly storage: MarketStorage;
  readonly connector: ProviderConnector & { close(): void };
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly meter: Meter;
  readonly bus: Bus;
}

/** The market: registry, routing, relay, settlement and reconciliation of one process, any number of which share a database. */
export class Market implements Module {
  readonly name = "market";
  readonly services: readonly ServiceBinding[];
  readonly #config: MarketConfig;
  readonly #deps: MarketDependencies;
  readonly #domain: Domain;
  readonly #metrics: MarketMetrics;
  readonly #registry: Registry;
  readonly #slots: ProviderSlots;
  readonly #gate: RequestGate;
  readonly #writer: SettlementWriter;
  readonly #acknowledgements = new Acknowledgements();
  readonly #sessions = new SessionTracker({ sessionsMax: limits.sessionsMax });
  readonly #reconciler: Reconciler;
  readonly #accusations = new Set<Promise<void>>();
  /** Stops before calls are drained, and after. */
  readonly #background: PeriodicTasks;
  readonly #vital: PeriodicTasks;
  readonly #instance: string;
  #consumption: Consumption | undefined;
  /** Why the database is still waited for. */
  #awayReason: string | undefined;
  #stopObserving = (): void => undefined;

  constructor(config: MarketConfig, dependencies: MarketDependencies) {
    const { clock, log, meter, bus, storage, connector, random } = dependencies;
    const { money } = storage;
    this.#config = config;
    this.#deps = dependencies;
    this.#domain = createKoinonDomain(config);
    this.#instance = bytesToHex(random.bytes(8));
    this.#metrics = new MarketMetrics(meter);
    this.#background = new PeriodicTasks({ log });
    this.#vital = new PeriodicTasks({ log });
    this.#slots = new ProviderSlots(config);
    this.#gate = new RequestGate(config);
    this.#registry = new Registry(
      {
        ...config,
        allowedRoots: config.allowedRoots.length === 0 ? undefined : new Set(config.allowedRoots),
        allowedRegions: lowerCaseSetOf(config.allowedRegions),
        standing: standingOptions(config),
        breaker: breakerOptions,
      },
      {
        ...{ clock, log, store: storage.registry, domain: this.#domain },
        acceptsEndpoint: (endpoint) => connector.accepts(endpoint),
      },
    );
    this.#writer = new SettlementWriter(limits.writer, {
      ...{ money, clock, log },
      onSettle: (request, outcome) => {
        this.#metrics.settlements.add(1, { outcome, relayed: request.relayed });
        if (outcome === "settled") {
          storage.settled();
          this.#acknowledgements.add(request.provider, request.receiptId);
        }
        if (outcome === "chain-broken") this.#accuse(request.provider, "CHAIN_BROKEN", request.session);
      },
    });
    this.#reconciler = new Reconciler(
      { ...config, batchSize: limits.batchSize },
      { ...{ money, bus, clock, log }, instances: storage.instances, metrics: this.#metrics, instance: this.#instance },
    );
    this.services = this.#bind();
  }

  /** Resolves when requests can be relayed. */
  async start(signal?: AbortSignal): Promise<void> {
    const { bus, storage, log } = this.#deps;
    const reconciler = this.#reconciler;
    const registry = this.#registry;
    await storage.available(signal, (error) => {
      log.warn({ err: error }, "database can not be reached; trying on");
      this.#awayReason = error.message;
    });
    this.#awayReason = undefined;
    await reconciler.renewLease();
    await registry.refresh();
    storage.start();
    this.#consumption = await consumeLogged({ bus, money: storage.money });
    const { leaseMs, refreshIntervalMs, unloggedMs } = this.#config;
    this.#vital.start({ name: "lease", intervalMs: leaseMs / 3, run: () => reconciler.renewLease() });
    this.#vital.start({ name: "registry", intervalMs: refreshIntervalMs, run: () => registry.refresh() });
    this.#vital.start({ name: "counts", intervalMs: 1_000, run: () => registry.flushCounts() });
    this.#background.start({ name: "orphans", intervalMs: leaseMs / 3, run: () => reconciler.adoptOrphans() });
    this.#background.start({ name: "expiry", intervalMs: 1_000, run: () => reconciler.expireReservations() });
    this.#background.start({ name: "unlogged", intervalMs: unloggedMs, run: () => reconciler.publishUnlogged() });
    this.#background.start({ name: "retention", intervalMs: 60_000, run: () => reconciler.forgetVoided() });
    this.#stopObserving = this.#metrics.observe({
      requests: () => this.#gate.active,
      waiting: () => this.#slots.waiting(),
      settlementsPending: () => this.#writer.pending,
      providers: () => countStates(registry),
    });
  }

  /** Stops tidying up; requests under way keep everything they need. */
  async quiesce(): Promise<void> {
    const consumption = this.#consumption;
    this.#consumption = undefined;
    await Promise.all([this.#background.stop(), consumption?.stop()]);
  }

  /** Writes what is decided, gives up the lease and lets go of everything. */
  async stop(signal: AbortSignal): Promise<void> {
    await this.quiesce();
    await this.#writer.drain(signal);
    await Promise.all(this.#accusations);
    await this.#vital.stop();
    const { log, connector, storage } = this.#deps;
    // Whatever fails here, another process does after the lease has run out.
    await this.#registry.flushCounts().catch((error) => log.warn({ err: error }, "counts of providers are lost"));
    await this.#reconciler.giveUpLease().catch((error) => log.warn({ err: error }, "lease runs out by itself"));
    this.#stopObserving();
    connector.close();
    await storage.stop();
  }

  health(): Health {
    const behindMs = this.#deps.clock.now() - this.#registry.refreshedAt;
    const failing = [...this.#vital.failing, ...this.#background.failing];
    const database =
      this.#awayReason === undefined
        ? { ok: behindMs < limits.refreshBehindMs, detail: `read ${behindMs} ms ago` }
        : { ok: false, detail: this.#awayReason };
    const parts = [
      { name: "database", ...database },
      { name: "bus", ok: this.#deps.bus.isConnected() },
      {
        name: "settlements",
        ok: this.#writer.pending < limits.writer.pendingMax,
        detail: `${this.#writer.pending} pending`,
      },
      { name: "tasks", ok: failing.length === 0, detail: failing.join(", ") },
    ];
    return healthOf(parts, ["database"]);
  }

  #bind(): readonly ServiceBinding[] {
    const { clock, log, storage, connector, random } = this.#deps;
    const { money, registry: store } = storage;
    const documents = new DocumentShelf({ entriesMax: limits.documentsMax }, { store });
    const shared = {
      ...{
        money,
        clock,
        log,
        registry: this.#registry,
        gate: this.#gate,
        writer: this.#writer,
        sessions: this.#sessions,
      },
      ...{ domain: this.#domain, metrics: this.#metrics, instance: this.#instance },
      accuse: (provider: Address, reason: string, session: Hex | undefined) => this.#accuse(provider, reason, session),
    };
    const intake = new ReceiptIntake(this.#config, { ...shared, documents, settled: () => storage.settled() });
    const accounts = new AccountDirectory({ accountsMax: limits.accountsMax }, { money });
    const relaying = { ...shared, accounts, connector, slots: this.#slots, acknowledgements: this.#acknowledgements };
    const options = relayOptions(this.#config);
    const key = this.#config.pageTokenKey;
    const pageTokens = new PageTokens({ key: key === undefined ? random.bytes(32) : Buffer.from(key.reveal(), "hex") });
    const market = createMarketHandlers({
      ...{ registry: this.#registry, intake, writer: this.#writer, documents, money, pageTokens },
      infer: (request, signal) => relayRequest(request, signal, options, relaying),
    });
    return [
      bindService({
        definition: MarketServiceDefinition,
        handlers: market,
        callers: ["gateway", "provider"],
        faults: marketFaults,
        limits: {
          // The gate refuses what is too much, and says more; other calls have room beside requests.
          maxConcurrent: this.#config.requestsMax + requestsBeside,
          maxRequestBytes: this.#config.bodyBytesMax + limits.envelopeBytes,
          maxResponseBytes: limits.responseBytesMax,
          maxTimeoutMs: options.serveMs + options.queueMs,
        },
      }),
      bindService({
        definition: AccountServiceDefinition,
        handlers: createAccountHandlers({ money, clock }),
        callers: ["gateway"],
        faults: marketFaults,
      }),
    ];
  }

  #accuse(provider: Address, reason: string, session: Hex | undefined): void {
    const { log } = this.#deps;
    const accusation = this.#registry
      .accuse(provider, reason, session)
      .catch((error) => log.error({ err: error, provider, reason }, "other replicas do not know of a failing provider"))
      .finally(() => this.#accusations.delete(accusation));
    this.#accusations.add(accusation);
  }
}

function countStates(registry: Registry) {
  const counts = new Map<ReturnType<Registry["stateOf"]>["state"], number>([
    ["healthy", 0],
    ["draining", 0],
    ["unreachable", 0],
    ["failing", 0],
  ]);
  for (const entry of registry.providers()) {
    const { state } = registry.stateOf(entry);
    counts.set(state, (counts.get(state) ?? 0) + 1);
  }
  return counts;
}

/** Undefined for none: nothing is ruled out. */
function lowerCaseSetOf(names: readonly string[]): ReadonlySet<string> | undefined {
  return names.length === 0 ? undefined : new Set(names.map((name) => name.toLowerCase()));
}
