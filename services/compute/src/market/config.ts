import { type ConfigDeclaration, declareConfig, secretSetting, setting } from "@koinon/runtime/config";
import { bigInteger, integer, list } from "@koinon/runtime/config-schemas";
import { type Address, isAddress } from "@koinon/secp256k1/address";
import { z } from "zod";
import { type EndpointKind, endpointKinds } from "./rpc/provider-connector.ts";

const addresses = list().transform((items, context): readonly Address[] => {
  for (const item of items) {
    if (!isAddress(item)) context.addIssue({ code: "custom", message: `${item}: not an address in lower-case hex` });
  }
  return items.filter(isAddress);
});

const kinds = list()
  .pipe(z.array(z.enum(endpointKinds)))
  .transform((items): ReadonlySet<EndpointKind> => new Set(items));

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/** Every setting of the market. */
export const marketConfig = declareConfig({
  databaseUrl: secretSetting({
    env: "MARKET_DATABASE_URL",
    schema: z.string("is not set").min(1),
    description: "PostgreSQL database that holds the schema compute.",
  }),
  databasePoolSize: setting({
    env: "MARKET_DATABASE_POOL_SIZE",
    schema: integer({ min: 2, max: 100 }),
    default: "8",
    description: "Most database connections at once.",
  }),
  databaseWaitMs: setting({
    env: "MARKET_DATABASE_WAIT_MS",
    schema: integer({ min: 0, max: 3_600_000 }),
    default: "300000",
    description: "How long the market waits at start for a database that can not be reached, before it ends.",
  }),
  pageTokenKey: secretSetting({
    env: "MARKET_PAGE_TOKEN_KEY",
    schema: z
      .string()
      .regex(/^[0-9a-f]{64}$/, "is not 64 hex digits")
      .optional(),
    description:
      "32 bytes in hex, the same for all replicas; without it a page token is good only where it was issued.",
  }),
  chainId: setting({
    env: "MARKET_CHAIN_ID",
    schema: bigInteger({ min: 1n }),
    default: "31337",
    description: "Chain id of the EIP-712 domain that documents are signed under.",
  }),
  verifyingContract: setting({
    env: "MARKET_VERIFYING_CONTRACT",
    schema: z.custom<Address>(isAddress, "is not an address in lower-case hex"),
    default: `0x${"00".repeat(20)}`,
    description: "Verifying contract of the EIP-712 domain.",
  }),
  allowedRoots: setting({
    env: "MARKET_ALLOWED_ROOTS",
    schema: addresses,
    default: "",
    description:
      "Comma list of the root addresses that may register as providers and get requests; empty lets everybody.",
  }),
  allowedRegions: setting({
    env: "MARKET_ALLOWED_REGIONS",
    schema: list(),
    default: "",
    description:
      "Comma list of the regions whose providers may register and get requests, by the region that they sign; empty lets everybody.",
  }),
  providersMax: setting({
    env: "MARKET_PROVIDERS_MAX",
    schema: integer({ min: 1, max: 100_000 }),
    default: "1000",
    description: "Most providers registered at once.",
  }),
  endpointKinds: setting({
    env: "MARKET_ENDPOINT_KINDS",
    schema: kinds,
    default: "local,tcp",
    description:
      "Kinds of addresses that providers may announce: local (same process), tcp (host:port, mutual TLS), unix.",
  }),
  connectionsMax: setting({
    env: "MARKET_CONNECTIONS_MAX",
    schema: integer({ min: 1, max: 100_000 }),
    default: "256",
    description: "Connections to providers that are kept.",
  }),
  heartbeatIntervalMs: setting({
    env: "MARKET_HEARTBEAT_INTERVAL_MS",
    schema: integer({ min: 50, max: minuteMs }),
    default: "1000",
    description: "How often providers are asked to send heartbeats; one that misses three is unreachable.",
  }),
  refreshIntervalMs: setting({
    env: "MARKET_REFRESH_INTERVAL_MS",
    schema: integer({ min: 50, max: minuteMs }),
    default: "500",
    description: "How often a replica reads what other replicas wrote about providers.",
  }),
  quoteMarginMs: setting({
    env: "MARKET_QUOTE_MARGIN_MS",
    schema: integer({ min: 0, max: dayMs }),
    default: "5000",
    description: "A price that expires sooner than this is not offered any more.",
  }),
  penaltyMs: setting({
    env: "MARKET_PENALTY_MS",
    schema: integer({ min: 0, max: dayMs }),
    default: "60000",
    description: "How long a provider whose receipt did not match gets no requests; doubles each time.",
  }),
  penaltyMsMax: setting({
    env: "MARKET_PENALTY_MS_MAX",
    schema: integer({ min: 0, max: 365 * dayMs }),
    default: "86400000",
    description: "Longest penalty.",
  }),
  strikeMemoryMs: setting({
    env: "MARKET_STRIKE_MEMORY_MS",
    schema: integer({ min: 0, max: 365 * dayMs }),
    default: "604800000",
    description: "How long a receipt that did not match is remembered.",
  }),
  requestsMax: setting({
    env: "MARKET_REQUESTS_MAX",
    schema: integer({ min: 1, max: 100_000 }),
    default: "1024",
    description: "Requests in hand at once; one more is refused as overloaded.",
  }),
  bodyBytesMax: setting({
    env: "MARKET_BODY_BYTES_MAX",
    schema: integer({ min: 1_024, max: 32 * 1024 * 1024 }),
    default: "4000000",
    description: "Bytes of one request body.",
  }),
  bodyBytesInHandMax: setting({
    env: "MARKET_BODY_BYTES_IN_HAND_MAX",
    schema: integer({ min: 1_024, max: 64 * 1024 ** 3 }),
    default: "268435456",
    description: "Bytes of all request bodies in hand.",
  }),
  answerBytesMax: setting({
    env: "MARKET_ANSWER_BYTES_MAX",
    schema: integer({ min: 1_024, max: 1024 ** 3 }),
    default: "67108864",
    description: "Bytes of one answer; a provider that sends more is cut off.",
  }),
  queueMax: setting({
    env: "MARKET_PROVIDER_QUEUE_MAX",
    schema: integer({ min: 0, max: 100_000 }),
    default: "256",
    description: "Requests that may wait for each provider's capacity.",
  }),
  queueMs: setting({
    env: "MARKET_PROVIDER_QUEUE_MS",
    schema: integer({ min: 0, max: 60 * minuteMs }),
    default: "30000",
    description: "Longest wait for a provider's capacity.",
  }),
  attemptsMax: setting({
    env: "MARKET_ATTEMPTS_MAX",
    schema: integer({ min: 1, max: 20 }),
    default: "3",
    description: "Providers tried for one request, as long as no byte of an answer has come.",
  }),
  firstByteMs: setting({
    env: "MARKET_FIRST_BYTE_MS",
    schema: integer({ min: 10, max: 60 * minuteMs }),
    default: "300000",
    description:
      "Longest wait for a provider's first byte; an answer that is not streamed has none before it is whole.",
  }),
  serveMs: setting({
    env: "MARKET_SERVE_MS",
    schema: integer({ min: 10, max: 60 * minuteMs }),
    default: "600000",
    description: "Longest time that a provider may take over one request.",
  }),
  journalMs: setting({
    env: "MARKET_JOURNAL_MS",
    schema: integer({ min: 1_000, max: dayMs }),
    default: "30000",
    description:
      "How long money stays reserved for a request whose client went away, until its provider hands in the receipt.",
  }),
  relayWaitMs: setting({
    env: "MARKET_RELAY_WAIT_MS",
    schema: integer({ min: 0, max: minuteMs }),
    default: "2000",
    description: "How long a receipt that is handed in waits for the relay of its request to come to its end.",
  }),
  orphanMs: setting({
    env: "MARKET_ORPHAN_MS",
    schema: integer({ min: 1_000, max: 30 * dayMs }),
    default: "60000",
    description:
      "How long money stays reserved for requests whose market process died, until providers hand in their receipts.",
  }),
  leaseMs: setting({
    env: "MARKET_LEASE_MS",
    schema: integer({ min: 200, max: 10 * minuteMs }),
    default: "6000",
    description: "How long a market process counts as alive after it last said so.",
  }),
  voidedKeptMs: setting({
    env: "MARKET_VOIDED_KEPT_MS",
    schema: integer({ min: 60 * minuteMs, max: 3_650 * dayMs }),
    default: "2592000000",
    description:
      "How long a request that was given back stays in the list of requests; later its id is as good as new. What was settled is kept for ever.",
  }),
  unloggedMs: setting({
    env: "MARKET_UNLOGGED_MS",
    schema: integer({ min: 100, max: dayMs }),
    default: "30000",
    description: "A settlement that is not in the log after so long is published again.",
  }),
});

export type MarketConfig = typeof marketConfig extends ConfigDeclaration<infer C> ? C : never;
