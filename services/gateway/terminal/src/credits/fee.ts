import type { Prices } from "../gateway/offers.ts";

/** Units that an input or output price is for. */
const unitsPerPrice = 1_000_000n;

/** The fee in micro-credits of this usage at these prices, rounded up once, as receipts are charged. */
export function feeOf(prices: Prices, inputUnits: number, outputUnits: number): bigint {
  const metered = BigInt(inputUnits) * prices.inputPrice + BigInt(outputUnits) * prices.outputPrice;
  return prices.requestPrice + (metered + unitsPerPrice - 1n) / unitsPerPrice;
}
