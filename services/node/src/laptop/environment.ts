import type { LaptopOptions } from "./options.ts";
import type { Party } from "./parties.ts";
import type { ServedModels } from "./served-models.ts";

/** Environment of a module, as an operator would set it for a process of its own. */
export type Environment = Readonly<Record<string, string>>;

/** Micro-credits of the administrator's first budget. */
const administratorBudget = "1000000000000";
/** Answers of our own engine are limited by its slots, those of a URL by the server behind it. */
const capacityOfStore = "4";
const capacityOfUrl = "256";

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
  readonly chainRpc: string | undefined;
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
    ...(parts.chainRpc === undefined ? {} : { GATEWAY_CHAIN_RPC_URL: parts.chainRpc }),
    ...engineEnvironment(parts.models, parts.engineSocket),
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
