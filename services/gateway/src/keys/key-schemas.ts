import { z } from "zod";
import { addressSchema, amountSchema, nextPageTokenSchema, timeSchema } from "../http/primitives.ts";
import { REQUESTS_PER_MINUTE_MAX } from "../limits/gcra.ts";
import { scopes } from "./key-record.ts";

export const budgetSchema = z
  .strictObject({ limit: amountSchema, spent: amountSchema, reserved: amountSchema, available: amountSchema })
  .describe("a budget in micro-credits: available = limit - spent - reserved");
export type Budget = z.infer<typeof budgetSchema>;

const scopesSchema = z.array(z.enum(scopes)).min(1).max(scopes.length);
const requestsPerMinuteSchema = z.int().min(1).max(REQUESTS_PER_MINUTE_MAX);

export const keySchema = z.strictObject({
  id: z.string(),
  name: z.string(),
  prefix: z.string().describe("how the key starts"),
  scopes: scopesSchema,
  consumer: addressSchema.describe("the address that receipts name"),
  state: z.enum(["opening", "active"]).describe("opening until its budget exists"),
  created_at: timeSchema,
  expires_at: timeSchema.nullable(),
  revoked_at: timeSchema.nullable(),
  requests_per_minute: requestsPerMinuteSchema.nullable(),
  budget: budgetSchema.nullable().describe("null while the market does not answer or the budget is not open"),
});
export type KeyView = z.infer<typeof keySchema>;

export const createdKeySchema = keySchema.extend({ key: z.string().describe("the key itself; not shown again") });

export const keyListSchema = z.strictObject({ data: z.array(keySchema), next_page_token: nextPageTokenSchema });

export const createKeySchema = z.strictObject({
  name: z.string().trim().min(1).max(100),
  budget: amountSchema,
  scopes: scopesSchema.default(["inference", "receipts"]),
  expires_at: timeSchema.nullish(),
  requests_per_minute: requestsPerMinuteSchema.nullish(),
  consumer: addressSchema.optional().describe("an address of your own; left out, the gateway keeps one for the key"),
});
export type CreateKey = z.infer<typeof createKeySchema>;

export const keyParamsSchema = z.strictObject({ id: z.string().regex(/^[0-9a-f]{16}$/) });

export const depositSchema = z.strictObject({
  amount: amountSchema.refine((amount) => amount !== "0", "more than nothing"),
  request_id: z.string().min(1).max(128).describe("the same id adds once"),
});

export const withdrawSchema = z.strictObject({
  request_id: z.string().min(1).max(128).describe("the same id takes once"),
});

export const withdrawalSchema = z.strictObject({
  withdrawn: amountSchema.describe("micro-credits that went back by this request id"),
  budget: budgetSchema,
});
export type Withdrawal = z.infer<typeof withdrawalSchema>;
