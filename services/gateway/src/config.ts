import { declareConfig, secretSetting, setting } from "@koinon/runtime/config";
import { z } from "zod";

const integer = (min: number, max: number) =>
  z.coerce
    .number({ error: `an integer from ${min} to ${max}` })
    .int()
    .min(min)
    .max(max);
const list = z.string().transform((text) =>
  text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== ""),
);
const optionalText = z.string().optional();

/** Every setting of the gateway. */
export const gatewayConfig = declareConfig({
  host: setting({
    env: "GATEWAY_HOST",
    schema: z.string(),
    default: "127.0.0.1",
    description: "Address that the HTTP server listens on.",
  }),
  port: setting({
    env: "GATEWAY_PORT",
    schema: integer(0, 65_535),
    default: "8080",
    description: "Port of the HTTP server; 0 picks a free one.",
  }),
  databaseUrl: secretSetting({
    env: "GATEWAY_DATABASE_URL",
    schema: z.string({ error: "required" }),
    description: "PostgreSQL database that holds the schema gateway.",
  }),
  databasePoolSize: setting({
    env: "GATEWAY_DATABASE_POOL_SIZE",
    schema: integer(1, 100),
    default: "4",
    description: "Most database connections at once.",
  }),
  redisUrl: secretSetting({
    env: "REDIS_URL",
    schema: optionalText,
    description: "Redis for rate limits that several replicas share; without it each replica limits by itself.",
  }),
  seed: secretSetting({
    env: "GATEWAY_SEED",
    schema: z.string({ error: "required" }).regex(/^[0-9a-fA-F]{64}$/, "64 hex digits"),
    description:
      "32 random bytes in hex, the same for all replicas and for good: consumer addresses of keys are derived from it.",
  }),
  administratorKey: secretSetting({
    env: "GATEWAY_ADMINISTRATOR_KEY",
    schema: optionalText,
    description:
      "API key (sk-koinon-…) to record as an administrator's at start; without it the first one is derived from the seed.",
  }),
  administratorBudget: setting({
    env: "GATEWAY_ADMINISTRATOR_BUDGET",
    schema: z.string().regex(/^(0|[1-9][0-9]{0,37})$/, "a decimal amount"),
    default: "1000000000",
    description: "Micro-credits that the first administrator key starts with.",
  }),
  chainId: setting({
    env: "GATEWAY_CHAIN_ID",
    schema: z
      .string()
      .regex(/^[1-9][0-9]*$/, "a decimal number")
      .transform(BigInt),
    default: "31337",
    description: "Chain id of the EIP-712 domain that documents are signed under.",
  }),
  verifyingContract: setting({
    env: "GATEWAY_VERIFYING_CONTRACT",
    schema: z
      .string()
      .regex(/^0x[0-9a-f]{40}$/, "an address in lower-case hex")
      .transform((text) => text as `0x${string}`),
    default: "0x0000000000000000000000000000000000000000",
    description: "Verifying contract of the EIP-712 domain.",
  }),
  trustFile: setting({
    env: "GATEWAY_TRUST_FILE",
    schema: optionalText,
    description:
      "Trust file to publish as /trust.json; checkpoints in bundles carry only signatures of keys that it knows.",
  }),
  terminalDirectory: setting({
    env: "GATEWAY_TERMINAL_DIRECTORY",
    schema: optionalText,
    description: "Directory of the built Terminal; without it no pages are served.",
  }),
  corsOrigins: setting({
    env: "GATEWAY_CORS_ORIGINS",
    schema: list,
    default: "",
    description: "Comma list of origins whose pages may call the API, or *; none by default.",
  }),
  bodyBytesMax: setting({
    env: "GATEWAY_BODY_BYTES_MAX",
    // The services' own bound on one message is 4 MiB, body and envelope together.
    schema: integer(1_024, 4_128_768),
    default: "4000000",
    description: "Largest request body in bytes.",
  }),
  bodyBytesTotalMax: setting({
    env: "GATEWAY_BODY_BYTES_TOTAL_MAX",
    schema: integer(1_048_576, 68_719_476_736),
    default: "268435456",
    description:
      "Request body bytes in hand at once, by what requests declare; beyond it requests are refused with 503.",
  }),
  requestsMax: setting({
    env: "GATEWAY_REQUESTS_MAX",
    schema: integer(1, 100_000),
    default: "1024",
    description: "Requests in hand at once; beyond it requests are refused with 503.",
  }),
  receiveTimeoutMs: setting({
    env: "GATEWAY_RECEIVE_TIMEOUT_MS",
    schema: integer(1_000, 600_000),
    default: "30000",
    description: "Longest time for a client to send one request.",
  }),
  answerTimeoutMs: setting({
    env: "GATEWAY_ANSWER_TIMEOUT_MS",
    schema: integer(1_000, 3_600_000),
    default: "600000",
    description: "Longest time for one answer.",
  }),
  stallTimeoutMs: setting({
    env: "GATEWAY_STALL_TIMEOUT_MS",
    schema: integer(1_000, 600_000),
    default: "30000",
    description: "How long a client may take nothing of its answer before it counts as gone.",
  }),
  keyTtlMs: setting({
    env: "GATEWAY_KEY_TTL_MS",
    schema: integer(0, 60_000),
    default: "1000",
    description:
      "How old a key's record may be when it is relied on: every replica refuses a revoked key after this time.",
  }),
  keysMax: setting({
    env: "GATEWAY_KEYS_MAX",
    schema: integer(1, 1_000_000),
    default: "10000",
    description: "Keys that are held in memory.",
  }),
  registryTtlMs: setting({
    env: "GATEWAY_REGISTRY_TTL_MS",
    schema: integer(0, 60_000),
    default: "500",
    description: "How old the shown models and providers may be.",
  }),
  bundleWaitMs: setting({
    env: "GATEWAY_BUNDLE_WAIT_MS",
    schema: integer(0, 10_000),
    default: "5000",
    description: "Longest wait for a receipt's place in the log before a bundle is refused with 503.",
  }),
});

/** The gateway's settings as the module gets them. */
export type GatewayConfig = NonNullable<(typeof gatewayConfig)["type"]>;
