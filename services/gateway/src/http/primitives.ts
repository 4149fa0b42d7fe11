import { z } from "zod";

/** A non-negative amount of micro-credits in decimal; below 2^128, as in signed documents. */
export const amountSchema = z
  .string()
  .regex(/^(0|[1-9][0-9]{0,37})$/)
  .describe("micro-credits, decimal");

export const addressSchema = z
  .string()
  .regex(/^0x[0-9a-f]{40}$/)
  .describe("address, lower-case hex");

export const hashSchema = z
  .string()
  .regex(/^0x[0-9a-f]{64}$/)
  .describe("32 bytes, lower-case hex");

export const timeSchema = z.int().nonnegative().describe("milliseconds since the epoch");

export const countSchema = z.int().nonnegative();

/** The query of every list: AIP-158 pages. */
export const pageQuerySchema = z.strictObject({
  page_size: z.coerce.number().int().min(1).max(100).default(50).describe("entries per page"),
  page_token: z.string().max(2_048).default("").describe("next_page_token of the page before"),
});
export type PageQuery = z.infer<typeof pageQuerySchema>;

export const nextPageTokenSchema = z.string().describe("empty on the last page");

export const errorSchema = z
  .strictObject({
    error: z.strictObject({
      message: z.string().describe("for people; may change"),
      type: z.string().describe("class of error, as OpenAI names them"),
      param: z.string().nullable().describe("the request member or header at fault"),
      code: z.string().describe("stable fault code"),
    }),
  })
  .describe("an error, shaped as OpenAI's");
