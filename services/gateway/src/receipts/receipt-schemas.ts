import { z } from "zod";
import {
  addressSchema,
  amountSchema,
  countSchema,
  hashSchema,
  nextPageTokenSchema,
  pageQuerySchema,
  timeSchema,
} from "../http/primitives.ts";

export const receiptSchema = z.strictObject({
  request_id: z.string().regex(/^req_[0-9a-f]{32}$/),
  receipt_id: hashSchema.nullable(),
  state: z.enum(["reserved", "settled", "voided"]),
  void_reason: z.string().nullable().describe("stable code when voided"),
  model: z.string().describe("as the request named it"),
  manifest: hashSchema.nullable(),
  endpoint: z.enum(["/v1/chat/completions", "/v1/completions", "/v1/embeddings"]),
  provider: addressSchema.nullable(),
  provider_name: z.string(),
  price_id: hashSchema.nullable(),
  reserved: amountSchema,
  fee: amountSchema.nullable().describe("null until it is settled"),
  input_units: countSchema.nullable(),
  output_units: countSchema.nullable(),
  outcome: z.enum(["complete", "cancelled", "broken"]).nullable(),
  relayed: z.boolean().describe("the market compared the receipt with the bytes that it relayed"),
  reserved_at: timeSchema,
  settled_at: timeSchema.nullable(),
  started_at: timeSchema.nullable(),
  finished_at: timeSchema.nullable(),
  log_index: countSchema.nullable(),
  attempts: z.array(z.strictObject({ provider_name: z.string(), outcome: z.string(), duration_ms: countSchema })),
});
export type ReceiptView = z.infer<typeof receiptSchema>;

export const receiptListSchema = z.strictObject({ data: z.array(receiptSchema), next_page_token: nextPageTokenSchema });

export const receiptQuerySchema = pageQuerySchema.extend({
  all: z.enum(["true", "false"]).default("false").describe("receipts of all keys; needs the scope admin"),
});

export const bundleQuerySchema = z.strictObject({
  anchor: z
    .string()
    .regex(/^(auto|none|any|available|0x[0-9a-f]{64})$/)
    .default("auto")
    .describe(
      "whether the checkpoint is one that is anchored to a chain: `auto`, when the published trust file can check it; `none`; `any` block; `available`, any block if there is one, for readers who ask the chain for it; or the hash of a block that the reader trusts, or a little before it",
    ),
});

export const receiptParamsSchema = z.strictObject({
  id: z
    .string()
    .regex(/^(req_[0-9a-f]{32}|0x[0-9a-f]{64})$/)
    .describe("request id or receipt id"),
});
