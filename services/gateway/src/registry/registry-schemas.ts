import { z } from "zod";
import { addressSchema, amountSchema, countSchema, hashSchema, timeSchema } from "../http/primitives.ts";

const providerStates = ["healthy", "draining", "unreachable", "failing"] as const;

const priceMembers = {
  input_price: amountSchema.describe("micro-credits per 1,000,000 input tokens"),
  output_price: amountSchema.describe("micro-credits per 1,000,000 output tokens"),
  request_price: amountSchema.describe("micro-credits per request"),
  price_id: hashSchema.describe("digest of the signed quote"),
  valid_until: timeSchema.describe("end of the quote's validity"),
};

const providerOfferSchema = z.strictObject({
  model: z.string(),
  manifest: hashSchema,
  ...priceMembers,
});

const providerSchema = z.strictObject({
  address: addressSchema,
  name: z.string(),
  region: z.string(),
  state: z.enum(providerStates),
  state_reason: z.string().describe("stable code; empty when healthy"),
  capacity: countSchema,
  active: countSchema,
  latency_ms: countSchema.describe("median time to the first byte; 0 when unknown"),
  served: countSchema,
  failed: countSchema,
  last_seen: timeSchema,
  offers: z.array(providerOfferSchema),
});
export type ProviderView = z.infer<typeof providerSchema>;

export const providerListSchema = z.strictObject({ data: z.array(providerSchema) });

const modelOfferSchema = z.strictObject({
  provider: addressSchema,
  provider_name: z.string(),
  region: z.string(),
  state: z.enum(providerStates),
  ...priceMembers,
});

export const modelSchema = z.strictObject({
  id: z.string().describe("the name to ask for; the manifest hash when another manifest has the same name"),
  object: z.literal("model"),
  created: countSchema.describe("seconds since the epoch at which the oldest price in force became valid"),
  owned_by: z.literal("koinon"),
  koinon: z.strictObject({
    kind: z.enum(["chat", "embedding"]),
    manifest: hashSchema,
    context_tokens: countSchema,
    license: z.string(),
    offers: z.array(modelOfferSchema),
  }),
});
export type ModelView = z.infer<typeof modelSchema>;

export const modelListSchema = z.strictObject({ object: z.literal("list"), data: z.array(modelSchema) });

const textSchema = z.string().max(512);

/** `koinon.manifest/1`, see `@koinon/receipts/manifest`. */
export const manifestSchema = z.strictObject({
  format: z.literal("koinon.manifest/1"),
  name: z.string().max(128).describe("the name that clients ask for"),
  kind: z.enum(["chat", "embedding"]),
  weights: z
    .strictObject({ format: textSchema, hash: hashSchema.describe("SHA-256 of the file"), sizeBytes: countSchema })
    .nullable()
    .describe("null where only the name of the model behind a URL is known"),
  tokenizerHash: hashSchema.nullable(),
  chatTemplateHash: hashSchema.nullable(),
  engine: z.strictObject({ name: textSchema, version: textSchema }),
  quantisation: textSchema.nullable(),
  contextTokens: countSchema,
  licence: textSchema,
  author: textSchema,
  provenance: z.strictObject({
    source: textSchema,
    baseModel: textSchema.nullable(),
    datasets: z.array(textSchema).max(64),
  }),
});

export const manifestParamsSchema = z.object({ hash: hashSchema });

export const modelParamsSchema = z.object({ "*": z.string().max(256) });
