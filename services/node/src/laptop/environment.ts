import { type DevelopmentAnchor, developmentChain } from "./development-chain.ts";
import type { LaptopOptions } from "./options.ts";
import type { Party } from "./parties.ts";
import type { ServedModels } from "./served-models.ts";

/** Environment of a module, as an operator would set it for a process of its own. */
export type Environment = Readonly<Record<string, string>>;

/** Micro-credits of the administrator's first budget. */
const administratorBudget = "1000000000000";
/** Soon enough for a person to see it. Without new receipts nothing is sent, so an idle network makes no blocks. */
const anchorIntervalMs = "10000";
/** Answers of our own engine are limited by its slots, those of a URL by the server behind it. */
const capacityOfStore = "4";
const capacityOfUrl = "256";

/** A chain that runs beside. */
export interface ChainAccess {
  readonly rpc: string;
  /** Absent when the chain has no checkpoint registry. */
  readonly anchor?: DevelopmentAnchor;
}

/** Environment of the host's own process: everything but the providers. */
export function hostEnvironment(parts: {
  readonly options: LaptopOptions;
  readonly databaseUrl: string;
  readonly seed: string;
  readonly logKey: string;
  readonly trustFile: string;
  readonly terminalDir: string;
  readonly pageTokenKey: string;
  readonly tls: Environment;
  readonly engineSocket: string;
  readonly models: ServedModels;
  readonly chain: ChainAccess | undefined;
}): Environment {
  return {
    // Port 0: the provider in a process of its own is told the port that was bound.
    RPC_LISTEN: "127.0.0.1:0",
    ...parts.tls,
    MARKET_DATABASE_URL: parts.databaseUrl,
    MARKET_PAGE_TOKEN_KEY: parts.pageTokenKey,
    POI_DATABASE_URL: parts.databaseUrl,
    POI_LOG_KEY: parts.logKey,
    GATEWAY_DATABASE_URL: parts.databaseUrl,
    GATEWAY_PORT: String(parts.options.port),
    GATEWAY_SEED: parts.seed,
    GATEWAY_TRUST_FILE: parts.trustFile,
    GATEWAY_TERMINAL_DIRECTORY: parts.terminalDir,
    GATEWAY_ADMINISTRATOR_BUDGET: administratorBudget,
    ...(parts.chain === undefined ? {} : chainEnvironment(parts.chain)),
    ...engineEnvironment(parts.models, parts.engineSocket),
  };
}

function chainEnvironment({ rpc, anchor }: ChainAccess): Environment {
  if (anchor === undefined) return { GATEWAY_CHAIN_RPC_URL: rpc };
  return {
    GATEWAY_CHAIN_RPC_URL: rpc,
    POI_ANCHOR_RPC_URL: rpc,
    POI_ANCHOR_CHAIN_ID: developmentChain.chainId.toString(),
    POI_ANCHOR_REGISTRY: developmentChain.registry,
    POI_ANCHOR_KEY: anchor.key,
    POI_ANCHOR_INTERVAL_MS: anchorIntervalMs,
  };
}

/** Environment of one provider; `endpoint` is where the market reaches it. */
export function providerEnvironment(
  party: Party,
  parts: { readonly dataDir: string; readonly endpoint: string; readonly models: ServedModels },
): Environment {
  const prices = { inputPrice: party.inputPrice.toString(), outputPrice: party.outputPrice.toString() };
  const fromUrl = parts.models.from === "url";
  const offers = parts.models.models.map(({ model, kind }) =>
    fromUrl ? { model, kind, ...prices } : { model, ...prices },
  );
  return {
    PROVIDER_NAME: party.name,
    PROVIDER_REGION: party.region,
    PROVIDER_ENDPOINT: parts.endpoint,
    PROVIDER_DATA_DIR: parts.dataDir,
    PROVIDER_OFFERS: JSON.stringify(offers),
    PROVIDER_CAPACITY: fromUrl ? capacityOfUrl : capacityOfStore,
    ...(parts.models.from === "url" ? { PROVIDER_ENGINE_URL: parts.models.url } : {}),
  };
}

function engineEnvironment(models: ServedModels, socket: string): Environment {
  if (models.from === "url") return {};
  return {
    ENGINE_ADDRESS: `unix:${socket}`,
    ENGINE_SOCKET: socket,
    ENGINE_MODELS_DIR: models.folder,
    ENGINE_MODELS: models.models.map(({ model }) => model).join(","),
  };
}
