import { type ConfigOf, declareConfig, secretSetting, setting } from "@koinon/runtime/config";
import { bigInteger, integer, text, url } from "@koinon/runtime/config-schemas";
import { isAddress } from "@koinon/secp256k1/address";
import { z } from "zod";

const amount = z
  .string()
  .regex(/^(0|[1-9][0-9]{0,37})$/, "expected a decimal amount of micro-credits")
  .transform((digits) => BigInt(digits));

const offer = z.strictObject({
  /** The model as the engine calls it. */
  model: z.string().min(1).max(128),
  inputPrice: amount,
  outputPrice: amount,
  requestPrice: amount.default(0n),
  /** The name that clients ask for, when it is another than the engine's; only for models behind a URL. */
  name: z.string().min(1).max(128).optional(),
  kind: z.enum(["chat", "embedding"]).default("chat"),
  contextTokens: z
    .number()
    .int()
    .min(1)
    .max(2 ** 31 - 1)
    .default(4096),
  licence: z.string().min(1).default("unknown"),
  author: z.string().min(1).default("unknown"),
  engineName: z.string().min(1).default("openai-compatible"),
  engineVersion: z.string().min(1).default("unknown"),
});

/** One model on offer, as configured. */
export type OfferConfig = z.infer<typeof offer>;

const offers = z
  .string("is not set")
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue({ code: "custom", message: "is not JSON" });
      return z.NEVER;
    }
  })
  .pipe(z.array(offer).min(1).max(64));

/** Settings of one provider. */
export const providerConfig = declareConfig({
  name: setting({
    env: "PROVIDER_NAME",
    schema: z.string("is not set").min(1).max(64),
    description: "Name that people see.",
  }),
  region: setting({
    env: "PROVIDER_REGION",
    schema: z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/, "expected lower-case letters, digits and hyphens"),
    default: "local",
    description: "Region that routing policies name.",
  }),
  endpoint: setting({
    env: "PROVIDER_ENDPOINT",
    schema: text().transform(bracketed),
    description:
      "Address at which the market reaches this provider: host:port, or local:<instance> in the same process.",
  }),
  dataDir: setting({
    env: "PROVIDER_DATA_DIR",
    schema: text(),
    description: "Folder of the keys and the receipt journal; it belongs to one provider alone, which locks it.",
  }),
  engineUrl: setting({
    env: "PROVIDER_ENGINE_URL",
    schema: url().optional(),
    description: "Base URL of an OpenAI-compatible server; without it the engine service is used.",
  }),
  engineApiKey: secretSetting({
    env: "PROVIDER_ENGINE_API_KEY",
    schema: z.string().optional(),
    description: "Key for the OpenAI-compatible server.",
  }),
  engineConnections: setting({
    env: "PROVIDER_ENGINE_CONNECTIONS",
    schema: integer({ min: 1, max: 4096 }),
    default: "256",
    description: "Connections held to the OpenAI-compatible server at most.",
  }),
  engineSilenceMs: setting({
    env: "PROVIDER_ENGINE_SILENCE_MS",
    schema: integer({ min: 100, max: 3_600_000 }),
    default: "120000",
    description: "Milliseconds that the OpenAI-compatible server may stay silent before its answer counts as broken.",
  }),
  offers: setting({
    env: "PROVIDER_OFFERS",
    schema: offers,
    description:
      "Models on offer as a JSON list: model, inputPrice and outputPrice (micro-credits per 1,000,000 tokens, as strings), requestPrice; for models behind a URL also name, kind, contextTokens, licence, author, engineName, engineVersion.",
  }),
  capacity: setting({
    env: "PROVIDER_CAPACITY",
    schema: integer({ min: 1, max: 100_000 }),
    default: "4",
    description: "Requests served at once.",
  }),
  queueMax: setting({
    env: "PROVIDER_QUEUE_MAX",
    schema: integer({ min: 0, max: 100_000 }),
    default: "32",
    description: "Requests that may wait for a place; one more is refused as overloaded.",
  }),
  quoteValidityMs: setting({
    env: "PROVIDER_QUOTE_VALIDITY_MS",
    schema: integer({ min: 10_000, max: 30 * 86_400_000 }),
    default: "86400000",
    description: "Milliseconds that a signed price holds; it is renewed at half of it.",
  }),
  pendingMax: setting({
    env: "PROVIDER_PENDING_RECEIPTS_MAX",
    schema: integer({ min: 100, max: 1_000_000 }),
    default: "100000",
    description: "Receipts that may wait for the market's acknowledgement; with more no new work is taken.",
  }),
  chainId: setting({
    env: "PROVIDER_CHAIN_ID",
    schema: bigInteger({ min: 1n }),
    default: "31337",
    description: "Chain id of the signing domain.",
  }),
  verifyingContract: setting({
    env: "PROVIDER_VERIFYING_CONTRACT",
    schema: z.string().refine(isAddress, "expected a lower-case address"),
    default: "0x0000000000000000000000000000000000000000",
    description: "Contract of the signing domain.",
  }),
});

export type ProviderConfig = ConfigOf<typeof providerConfig>;

/** An IPv6 address as a URL has it: whoever puts address and port together may not know which kind it is. */
function bracketed(endpoint: string): string {
  return endpoint.replace(/^([0-9a-fA-F]*:[0-9a-fA-F:.]*):(\d{1,5})$/, "[$1]:$2");
}
