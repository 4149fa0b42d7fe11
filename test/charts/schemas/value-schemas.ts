import { readFileSync } from "node:fs";
import path from "node:path";
import { configValuesSchema } from "@koinon/runtime/config-values";
import { hostConfig } from "@koinon/runtime/host-config";
import { parse } from "yaml";
import { chartsDir } from "../helm.ts";
import { type ChartName, chartNames, definitions } from "../services.ts";
import { schemaOfDefaults } from "./defaults-schema.ts";

/** Variables that a chart sets itself: they follow from the chart's own objects or from `global`. */
const setByChart: Readonly<Record<ChartName | "engine" | "host", readonly string[]>> = {
  host: [
    ...["RPC_LISTEN", "ADMIN_LISTEN", "RPC_PLAINTEXT_LOOPBACK", "NATS_URL", "NATS_PREFIX"],
    ...["TLS_CERTIFICATE_FILE", "TLS_KEY_FILE", "TLS_CA_FILE"],
    ...["NATS_TLS_CA_FILE", "NATS_TLS_CERTIFICATE_FILE", "NATS_TLS_KEY_FILE"],
  ],
  gateway: [
    ...["GATEWAY_HOST", "GATEWAY_PORT", "GATEWAY_TERMINAL_DIRECTORY", "GATEWAY_TRUST_FILE"],
    ...["GATEWAY_CHAIN_ID", "GATEWAY_VERIFYING_CONTRACT"],
  ],
  market: ["MARKET_CHAIN_ID", "MARKET_VERIFYING_CONTRACT"],
  poi: ["POI_CHAIN_ID", "POI_VERIFYING_CONTRACT"],
  provider: ["PROVIDER_ENDPOINT", "PROVIDER_DATA_DIR", "PROVIDER_CHAIN_ID", "PROVIDER_VERIFYING_CONTRACT"],
  chain: ["CHAIN_DATA", "CHAIN_GENESIS", "CHAIN_RPC_LISTEN", "CHAIN_ENGINE_LISTEN"],
  engine: ["ENGINE_MODELS_DIR"],
};

/** Settings that modules require and charts have a default for. */
const withDefault: ReadonlySet<string> = new Set(["PROVIDER_NAME"]);

interface ObjectSchema {
  readonly properties: Record<string, object>;
  readonly required?: readonly string[];
}

/** The schema of a chart's values: shape and types from values.yaml, settings and secrets from the declarations of its modules. */
export function chartSchema(chart: ChartName): object {
  const derived = schemaOfDefaults(defaultsOf(`charts/${chart}`)) as ObjectSchema;
  const { config, secrets } = settingsOf(chart);
  const called = new Set(definitions[chart].requires.map(({ from }) => from).filter((from) => from !== "engine"));
  const properties = {
    ...derived.properties,
    enabled: { type: "boolean", description: "The umbrella chart's switch." },
    global: { type: "object", description: "What the umbrella chart gives to all." },
    "koinon-lib": { type: "object" },
    config,
    secrets,
    addresses: {
      type: "object",
      additionalProperties: false,
      properties: Object.fromEntries([...called].map((service) => [service, address])),
    },
    ...(chart === "provider" ? { engine: engineSchema(derived.properties.engine as ObjectSchema) } : {}),
  };
  // What is required here has no default that would do: an operator has to say it.
  const required = [config, secrets].some((part) => part.required !== undefined) ? ["config", "secrets"] : [];
  return { ...header, ...derived, properties, required };
}

/** The schema of the umbrella chart's values; each service's part is checked by its own chart. */
export function umbrellaSchema(): object {
  const derived = schemaOfDefaults(defaultsOf("koinon")) as ObjectSchema;
  const services = Object.fromEntries(
    chartNames.map((chart) => [chart, { type: "object", properties: { enabled: { type: "boolean" } } }]),
  );
  const global = derived.properties.global as ObjectSchema;
  const { config } = hostSettings();
  const globals = {
    ...global.properties,
    config,
    chainId: { type: ["string", "integer"], pattern: "^([1-9][0-9]*)?$", minimum: 1 },
    verifyingContract: { type: "string", pattern: "^(0x[0-9a-f]{40})?$" },
    // Helm's expressions have no lookahead, so the form of a prefix (packages/bus) is said in parts.
    natsPrefix: { type: "string", maxLength: 32, pattern: "^([a-z0-9]+(-[a-z0-9]+)*)?$", not: { pattern: "-dlq$" } },
    services: { type: "object", description: "Imported from the services that are on; not to be set." },
  };
  const properties = { ...derived.properties, ...services, global: { ...global, properties: globals } };
  return { ...header, ...derived, properties };
}

const header = { $schema: "https://json-schema.org/draft/2020-12/schema" };
const address = { type: "string", pattern: "^[^:/]+:[0-9]+$", description: "host:port" };

function settingsOf(module: ChartName | "engine"): { config: ObjectSchema; secrets: ObjectSchema } {
  const own = new Set([...setByChart.host, ...setByChart[module]]);
  const { config, secrets } = configValuesSchema([hostConfig, definitions[module].config], own);
  return { config: withoutRequired(config as ObjectSchema), secrets: secrets as ObjectSchema };
}

function hostSettings(): { config: object } {
  return configValuesSchema([hostConfig], new Set(setByChart.host));
}

function withoutRequired({ required = [], ...schema }: ObjectSchema): ObjectSchema {
  const left = required.filter((name) => !withDefault.has(name));
  return left.length === 0 ? schema : { ...schema, required: left };
}

function engineSchema(engine: ObjectSchema): object {
  return { ...engine, properties: { ...engine.properties, config: settingsOf("engine").config } };
}

function defaultsOf(chart: string): unknown {
  return parse(readFileSync(path.join(chartsDir, chart, "values.yaml"), "utf8"));
}
