import { readFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { AccountServiceDefinition } from "@koinon/contracts/koinon/compute/v1/account_service";
import { MarketServiceDefinition } from "@koinon/contracts/koinon/compute/v1/market_service";
import { ContributionServiceDefinition } from "@koinon/contracts/koinon/poi/v1/contribution_service";
import { LogServiceDefinition } from "@koinon/contracts/koinon/poi/v1/log_service";
import { Database } from "@koinon/postgres/database";
import { PageTokens } from "@koinon/postgres/page-token";
import { createKoinonDomain } from "@koinon/receipts/domain";
import type { ServiceBinding } from "@koinon/rpc/binding";
import { ConfigError } from "@koinon/runtime/config";
import { type Health, healthOf } from "@koinon/runtime/health";
import type { Module, ModuleDependencies } from "@koinon/runtime/module";
import type { FastifyInstance } from "fastify";
import { addApi } from "./api.ts";
import type { GatewayConfig } from "./config.ts";
import { TrustFile } from "./deployment/trust-file.ts";
import { createFaultLog } from "./fault-log.ts";
import { Guard } from "./http/guard.ts";
import { RequestIds } from "./http/request-id.ts";
import { createHttpServer, type HttpServer } from "./http/server.ts";
import { type AdministratorKey, bootstrapAdministrator } from "./keys/administrator.ts";
import { Authenticator } from "./keys/authenticator.ts";
import { createKeyRing, type KeyRing } from "./keys/key-ring.ts";
import { Seed } from "./keys/seed.ts";
import { createRateLimits, type RateLimits } from "./limits/rate-limits.ts";
import { GatewayMetrics } from "./metrics.ts";
import { PostgresKeyStore } from "./store/postgres.ts";
import { readStaticFiles } from "./terminal/static-files.ts";
import { addStaticRoutes } from "./terminal/static-routes.ts";

/** Builds a gateway; it neither listens nor connects before `start`. */
export async function createGateway(config: GatewayConfig, deps: ModuleDependencies): Promise<Gateway> {
  const { clock, random, log } = deps;
  const seed = new Seed(Buffer.from(config.seed.reveal(), "hex"));
  const metrics = new GatewayMetrics(deps.meter);
  const faults = createFaultLog({ log, metrics });
  const database = new Database(
    {
      url: config.databaseUrl.reveal(),
      applicationName: "koinon-gateway",
      schema: "gateway",
      poolSize: config.databasePoolSize,
    },
    { onConnectionLost: faults.connectionLost },
  );
  const store = new PostgresKeyStore({ database });
  const accounts = deps.client(AccountServiceDefinition);
  const keys = createKeyRing(config, { store, accounts, seed, clock, random, faults });
  const limits = createRateLimits(config.redisUrl?.reveal(), { clock, degraded: faults.rateLimiterFailed });
  const trust = new TrustFile({ path: config.trustFile }, { clock });
  const server = createHttpServer(config, { requestIds: new RequestIds({ random }), failed: faults.answered });
  const authenticator = new Authenticator({ keys: keys.cache, clock });
  addApi(config, {
    app: server.app,
    guard: new Guard({ authenticator, limiter: limits, limited: (access) => metrics.limited(access) }),
    version: await ownVersion(),
    domain: createKoinonDomain(config),
    market: deps.client(MarketServiceDefinition),
    poiLog: deps.optionalClient(LogServiceDefinition),
    contributions: deps.optionalClient(ContributionServiceDefinition),
    pageTokens: new PageTokens({ key: seed.pageTokenKey() }),
    tracer: deps.tracer,
    ...{ keys, trust, seed, metrics, faults, clock },
  });
  return new Gateway(config, { database, keys, seed, limits, trust, server, metrics, log });
}

interface Parts {
  readonly database: Database;
  readonly keys: KeyRing;
  readonly seed: Seed;
  readonly limits: RateLimits;
  readonly trust: TrustFile;
  readonly server: HttpServer;
  readonly metrics: GatewayMetrics;
  readonly log: ModuleDependencies["log"];
}

/** A running gateway. */
export class Gateway implements Module {
  readonly name = "gateway";
  readonly services: readonly ServiceBinding[] = [];
  readonly #config: GatewayConfig;
  readonly #parts: Parts;
  #stopObserving: () => void = () => undefined;

  constructor(config: GatewayConfig, parts: Parts) {
    this.#config = config;
    this.#parts = parts;
  }

  async start(signal: AbortSignal): Promise<void> {
    const { keys, limits, server, metrics } = this.#parts;
    await this.#checkTrust();
    const { terminalDirectory, chainRpcUrl } = this.#config;
    if (terminalDirectory !== undefined) {
      const callable = chainRpcUrl === undefined ? [] : [new URL(chainRpcUrl).origin];
      addStaticRoutes(server.app, await readStaticFiles(terminalDirectory), callable);
    }
    limits.start();
    keys.sweeper.start();
    if (this.#config.administratorKey !== undefined) await this.#adoptAdministrator(signal);
    this.#stopObserving = metrics.observe({
      requests: () => server.admission.requests,
      bodyBytes: () => server.admission.bodyBytes,
      rateLimitDegraded: () => !limits.isShared,
    });
    signal.throwIfAborted();
    // Not given the signal: it would close the server whenever it aborts, also long after the start.
    await server.app.listen({ host: this.#config.host, port: this.#config.port });
  }

  turnAway(): void {
    this.#parts.server.turnAway();
  }

  /** Takes no new connection and lets the requests under way end; those that do not are cut when the signal aborts. */
  async quiesce(signal: AbortSignal): Promise<void> {
    await drain(this.#parts.server.app, signal);
  }

  async stop(signal: AbortSignal): Promise<void> {
    const { server, keys, limits, database } = this.#parts;
    if (server.app.server.listening) await this.quiesce(signal);
    this.#stopObserving();
    await keys.sweeper.stop();
    limits.stop();
    await database.close();
  }

  health(): Health {
    const { server, keys, limits } = this.#parts;
    return healthOf(
      [
        { name: "http", ok: server.app.server.listening },
        { name: "key-store", ok: keys.sweeper.storeAnswers },
        { name: "rate-limits", ok: limits.isShared },
      ],
      ["http", "key-store"],
    );
  }

  /** Where it listens, such as `http://127.0.0.1:8080`; throws before `start`. */
  url(): string {
    const address = this.#parts.server.app.server.address() as AddressInfo | null;
    if (address === null) throw new TypeError("the gateway does not listen");
    const host = address.family === "IPv6" ? `[${address.address}]` : address.address;
    return `http://${host}:${address.port}`;
  }

  /** Makes sure that there is an administrator's key and answers it; the same at every start. Needs database and market. */
  bootstrapAdministrator(signal?: AbortSignal): Promise<AdministratorKey> {
    const { keys, seed } = this.#parts;
    const options = { configured: this.#config.administratorKey?.reveal(), budget: this.#config.administratorBudget };
    return bootstrapAdministrator(options, { ...keys, seed }, signal);
  }

  async #checkTrust(): Promise<void> {
    const trust = (await this.#parts.trust.current())?.trust;
    const { chainId, verifyingContract } = this.#config;
    if (trust !== undefined && (trust.chainId !== chainId || trust.verifyingContract !== verifyingContract)) {
      throw new ConfigError([
        "GATEWAY_TRUST_FILE is of another network than GATEWAY_CHAIN_ID and GATEWAY_VERIFYING_CONTRACT",
      ]);
    }
  }

  /** The key is recorded before anything is served; its account can follow, should the market start later. */
  async #adoptAdministrator(signal: AbortSignal): Promise<void> {
    try {
      await this.bootstrapAdministrator(signal);
    } catch (error) {
      signal.throwIfAborted();
      this.#parts.log.warn({ err: error }, "administrator key not ready yet");
    }
  }
}

const DRAIN_SWEEP_MS = 50;

async function drain(app: FastifyInstance, signal: AbortSignal): Promise<void> {
  const cut = () => app.server.closeAllConnections();
  signal.addEventListener("abort", cut, { once: true });
  if (signal.aborted) cut();
  // A connection whose answer began before the end was told to stay open, and falls idle only after the server closed.
  const sweep = setInterval(() => app.server.closeIdleConnections(), DRAIN_SWEEP_MS);
  try {
    await app.close();
  } finally {
    clearInterval(sweep);
    signal.removeEventListener("abort", cut);
  }
}

async function ownVersion(): Promise<string> {
  const manifest = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  return manifest.version;
}
