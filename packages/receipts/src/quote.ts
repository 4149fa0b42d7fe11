import { defineStruct } from "@koinon/eip712/struct";
import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";
import type { DocumentType } from "./document.ts";
import { assertRule, ReceiptsError } from "./fault.ts";

/** A provider's signed price for one model. Its EIP-712 digest is the price id. Signed by the provider's serving key. */
export interface Quote {
  readonly provider: Address;
  /** The manifest's hash. */
  readonly subject: Hex;
  /** Counts the provider's prices for the subject. */
  readonly version: bigint;
  /** Micro-credits per 1,000,000 input units. */
  readonly inputPrice: bigint;
  /** Micro-credits per 1,000,000 output units. */
  readonly outputPrice: bigint;
  /** Micro-credits per request. */
  readonly requestPrice: bigint;
  /** Milliseconds since the epoch; the quote holds from here … */
  readonly validFrom: bigint;
  /** … until just before here. */
  readonly validUntil: bigint;
}

/** The quote as a document. */
export const quoteDocument: DocumentType<Quote> = {
  struct: defineStruct<Quote>("Quote", {
    provider: "address",
    subject: "bytes32",
    version: "uint64",
    inputPrice: "uint128",
    outputPrice: "uint128",
    requestPrice: "uint128",
    validFrom: "uint64",
    validUntil: "uint64",
  }),
  check(quote) {
    assertRule(quote.validFrom < quote.validUntil, "quote", "validUntil", "not after validFrom");
  },
};

/** True when the quote holds at this moment, ms since the epoch. */
export function quoteHoldsAt(quote: Quote, at: bigint): boolean {
  return quote.validFrom <= at && at < quote.validUntil;
}

/** Metered usage: tokens for language models. */
export interface Usage {
  readonly inputUnits: bigint;
  readonly outputUnits: bigint;
}

/** The three prices of a quote, in micro-credits. */
export type Prices = Pick<Quote, "inputPrice" | "outputPrice" | "requestPrice">;

/** The units that an input or output price is for. */
export const unitsPerPrice = 1_000_000n;

const uint128Limit = 1n << 128n;

/**
 * The fee in micro-credits: the request price plus the metered amount, rounded up once. Throws ReceiptsError `FEE_OUT_OF_RANGE`
 * when it does not fit the receipt's uint128.
 */
export function quoteFee(prices: Prices, { inputUnits, outputUnits }: Usage): bigint {
  const metered = inputUnits * prices.inputPrice + outputUnits * prices.outputPrice;
  const fee = prices.requestPrice + (metered + unitsPerPrice - 1n) / unitsPerPrice;
  if (fee >= uint128Limit) throw new ReceiptsError({ code: "FEE_OUT_OF_RANGE", fee });
  return fee;
}
