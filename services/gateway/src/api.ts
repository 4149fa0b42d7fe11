import type { MarketServiceDefinition } from "@koinon/contracts/koinon/compute/v1/market_service";
import type { ContributionServiceDefinition } from "@koinon/contracts/koinon/poi/v1/contribution_service";
import type { LogServiceDefinition } from "@koinon/contracts/koinon/poi/v1/log_service";
import type { Domain } from "@koinon/eip712/domain";
import type { PageTokens } from "@koinon/postgres/page-token";
import type { Client } from "@koinon/rpc/handler";
import type { Tracer } from "@opentelemetry/api";
import type { FastifyInstance } from "fastify";
import type { GatewayConfig } from "./config.ts";
import { addContributionRoutes } from "./contributions/contribution-routes.ts";
import { addDeploymentRoutes, type Capabilities } from "./deployment/deployment-routes.ts";
import type { TrustFile } from "./deployment/trust-file.ts";
import type { FaultLog } from "./fault-log.ts";
import { ApiDocument } from "./http/api-document.ts";
import type { ApiRoutes } from "./http/api-routes.ts";
import type { Guard } from "./http/guard.ts";
import type { KeyRing } from "./keys/key-ring.ts";
import { addKeyRoutes } from "./keys/key-routes.ts";
import type { Seed } from "./keys/seed.ts";
import { addLogRoutes } from "./log/log-routes.ts";
import type { GatewayMetrics } from "./metrics.ts";
import { addInferenceRoutes } from "./openai/inference-routes.ts";
import { Relay } from "./openai/relay.ts";
import { BundleMaker } from "./receipts/bundle-maker.ts";
import { addReceiptRoutes } from "./receipts/receipt-routes.ts";
import { OfferReader } from "./registry/offer-reader.ts";
import { Registry } from "./registry/registry.ts";
import { addRegistryRoutes } from "./registry/registry-routes.ts";

/** What the API works with. */
export interface ApiDependencies {
  readonly app: FastifyInstance;
  readonly guard: Guard;
  readonly version: string;
  readonly domain: Domain;
  readonly market: Client<MarketServiceDefinition>;
  /** Undefined where poi is switched off. */
  readonly poiLog: Client<LogServiceDefinition> | undefined;
  readonly contributions: Client<ContributionServiceDefinition> | undefined;
  readonly pageTokens: PageTokens;
  readonly keys: KeyRing;
  readonly trust: TrustFile;
  readonly seed: Seed;
  readonly metrics: GatewayMetrics;
  readonly tracer: Tracer;
  readonly faults: FaultLog;
  readonly clock: { now(): number };
}

/** Adds every route of the HTTP API. */
export function addApi(config: GatewayConfig, deps: ApiDependencies): void {
  const { app, guard, market, poiLog, domain, clock, keys, trust, metrics, tracer, faults } = deps;
  const routes: ApiRoutes = { app, guard, document: new ApiDocument() };
  const registry = new Registry(
    { ttlMs: config.registryTtlMs },
    { market, clock, reader: new OfferReader({ domain }) },
  );
  const { answerTimeoutMs: timeoutMs, stallTimeoutMs: stallMs, retryMs } = config;
  const relay = new Relay({ timeoutMs, stallMs, retryMs }, { market, clock });
  const bundles = new BundleMaker({ waitMs: config.bundleWaitMs }, { log: poiLog, trust });
  addInferenceRoutes(routes, {
    relay,
    idempotencySecret: deps.seed.idempotencySecret(),
    bodyBytesMax: config.bodyBytesMax,
    ...{ metrics, tracer, clock },
    broken: (thrown, requestId) => faults.broken(thrown, requestId),
  });
  addRegistryRoutes(routes, { registry });
  addReceiptRoutes(routes, { market, bundles, domain });
  addContributionRoutes(routes, { contributions: deps.contributions, registry });
  addKeyRoutes(routes, { ...keys, pageTokens: deps.pageTokens, clock });
  addLogRoutes(routes, { log: poiLog });
  addDeploymentRoutes(routes, { capabilities: capabilitiesOf(config, deps), trust });
}

function capabilitiesOf(config: GatewayConfig, { version, poiLog }: ApiDependencies): Capabilities {
  return {
    version,
    chain_id: config.chainId.toString(),
    verifying_contract: config.verifyingContract,
    modules: { compute: true, poi: poiLog !== undefined, chain: config.chainRpcUrl !== undefined },
    ...(config.chainRpcUrl === undefined ? {} : { chain_rpc: config.chainRpcUrl }),
    limits: {
      body_bytes: config.bodyBytesMax,
      page_size: 100,
      bundle_wait_ms: config.bundleWaitMs,
      request_timeout_ms: config.answerTimeoutMs,
    },
  };
}
