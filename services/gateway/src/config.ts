import { type ConfigOf, declareConfig, secretSetting, setting } from "@koinon/runtime/config";
import { bigInteger, integer, list, optionalText, text, url } from "@koinon/runtime/config-schemas";
import { type Address, isAddress } from "@koinon/secp256k1/address";
import { z } from "zod";
import { createApiKeyFromText } from "./keys/api-key.ts";

const amount = z
  .string("is not set")
  .regex(/^(0|[1-9][0-9]{0,37})$/, "is not an amount in decimal")
  .pipe(z.string());
const seedText = z.string("is not set").regex(/^[0-9a-fA-F]{64}$/, "is not 64 hex digits");
const apiKeyText = z
  .string()
  .refine((text) => createApiKeyFromText(text) !== undefined, "is not an API key")
  .optional();

/** Every setting of the gateway. */
export const gatewayConfig = declareConfig({
  host: setting({
    env: "GATEWAY_HOST",
    schema: text(),
    default: "127.0.0.1",
    description: "Address that the HTTP server listens on.",
  }),
  port: setting({
    env: "GATEWAY_PORT",
    schema: integer({ min: 0, max: 65_535 }),
    default: "8080",
    description: "Port of the HTTP server; 0 picks a free one.",
  }),
  databaseUrl: secretSetting({
    env: "GATEWAY_DATABASE_URL",
    schema: text(),
    description: "PostgreSQL database that holds the schema gateway.",
  }),
  databasePoolSize: setting({
    env: "GATEWAY_DATABASE_POOL_SIZE",
    schema: integer({ min: 1, max: 100 }),
    default: "4",
    description: "Most database connections at once.",
  }),
  redisUrl: secretSetting({
    env: "REDIS_URL",
    schema: optionalText(),
    description: "Redis for rate limits that several replicas share; without it each replica limits by itself.",
  }),
  seed: secretSetting({
    env: "GATEWAY_SEED",
    schema: seedText,
    description:
      "32 random bytes in hex, the same for all replicas and for good: consumer addresses of keys are derived from it.",
  }),
  administratorKey: secretSetting({
    env: "GATEWAY_ADMINISTRATOR_KEY",
    schema: apiKeyText,
    description:
      "API key (sk-koinon-…) to record as an administrator's at start; without it the first one is derived from the seed.",
  }),
  administratorBudget: setting({
    env: "GATEWAY_ADMINISTRATOR_BUDGET",
    schema: amount,
    default: "1000000000",
    description: "Micro-credits that the first administrator key starts with.",
  }),
  chainId: setting({
    env: "GATEWAY_CHAIN_ID",
    schema: bigInteger({ min: 1n }),
    default: "31337",
    description: "Chain id of the EIP-712 domain that documents are signed under.",
  }),
  verifyingContract: setting({
    env: "GATEWAY_VERIFYING_CONTRACT",
    schema: z.custom<Address>(isAddress, "is not an address in lower-case hex"),
    default: "0x0000000000000000000000000000000000000000",
    description: "Verifying contract of the EIP-712 domain.",
  }),
  chainRpcUrl: setting({
    env: "GATEWAY_CHAIN_RPC_URL",
    schema: url().optional(),
    description:
      "JSON-RPC of this deployment's chain, as clients reach it; shown in the capabilities, and its origin is one that the Terminal may call.",
  }),
  trustFile: setting({
    env: "GATEWAY_TRUST_FILE",
    schema: optionalText(),
    description:
      "Trust file to publish as /trust.json; checkpoints in bundles carry only signatures of keys that it knows.",
  }),
  terminalDirectory: setting({
    env: "GATEWAY_TERMINAL_DIRECTORY",
    schema: optionalText(),
    description: "Directory of the built Terminal; without it no pages are served.",
  }),
  corsOrigins: setting({
    env: "GATEWAY_CORS_ORIGINS",
    schema: list(),
    default: "",
    description: "Comma list of origins whose pages may call the API, or *; none by default.",
  }),
  bodyBytesMax: setting({
    env: "GATEWAY_BODY_BYTES_MAX",
    // The services' own bound on one message is 4 MiB, body and envelope together.
    schema: integer({ min: 1_024, max: 4_128_768 }),
    default: "4000000",
    description: "Largest request body in bytes.",
  }),
  bodyBytesTotalMax: setting({
    env: "GATEWAY_BODY_BYTES_TOTAL_MAX",
    schema: integer({ min: 1_048_576, max: 68_719_476_736 }),
    default: "268435456",
    description:
      "Request body bytes in hand at once, by what requests declare; beyond it requests are refused with 503.",
  }),
  requestsMax: setting({
    env: "GATEWAY_REQUESTS_MAX",
    schema: integer({ min: 1, max: 100_000 }),
    default: "1024",
    description: "Requests in hand at once; beyond it requests are refused with 503.",
  }),
  receiveTimeoutMs: setting({
    env: "GATEWAY_RECEIVE_TIMEOUT_MS",
    schema: integer({ min: 1_000, max: 600_000 }),
    default: "30000",
    description: "Longest time for a client to send one request.",
  }),
  answerTimeoutMs: setting({
    env: "GATEWAY_ANSWER_TIMEOUT_MS",
    schema: integer({ min: 1_000, max: 3_600_000 }),
    default: "600000",
    description: "Longest time for one answer.",
  }),
  retryMs: setting({
    env: "GATEWAY_RETRY_MS",
    schema: integer({ min: 0, max: 60_000 }),
    default: "5000",
    description:
      "How long a request that no market or no provider could take is asked again before its refusal is told; nothing was reserved for it.",
  }),
  stallTimeoutMs: setting({
    env: "GATEWAY_STALL_TIMEOUT_MS",
    schema: integer({ min: 1_000, max: 600_000 }),
    default: "30000",
    description: "How long a client may take nothing of its answer before it counts as gone.",
  }),
  keyTtlMs: setting({
    env: "GATEWAY_KEY_TTL_MS",
    schema: integer({ min: 0, max: 60_000 }),
    default: "1000",
    description:
      "How old a key's record may be when it is relied on: every replica refuses a revoked key after this time.",
  }),
  keysMax: setting({
    env: "GATEWAY_KEYS_MAX",
    schema: integer({ min: 1, max: 1_000_000 }),
    default: "10000",
    description: "Keys that are held in memory.",
  }),
  registryTtlMs: setting({
    env: "GATEWAY_REGISTRY_TTL_MS",
    schema: integer({ min: 0, max: 60_000 }),
    default: "500",
    description: "How old the shown models and providers may be.",
  }),
  bundleWaitMs: setting({
    env: "GATEWAY_BUNDLE_WAIT_MS",
    schema: integer({ min: 0, max: 10_000 }),
    default: "5000",
    description: "Longest wait for a receipt's place in the log before a bundle is refused with 503.",
  }),
});

/** The gateway's settings as the module gets them. */
export type GatewayConfig = ConfigOf<typeof gatewayConfig>;
