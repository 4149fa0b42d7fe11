import { baseFeePerBlobGas } from "@koinon/ethereum/blob-fee";
import type { Hex } from "@koinon/secp256k1/hex";
import type { ChainReader } from "../../chain-view.ts";
import { readBlockHeight } from "../codec/block-reference.ts";
import { readList } from "../codec/object.ts";
import { optional, required } from "../codec/parameter.ts";
import { quantity, readCount } from "../codec/quantity.ts";
import { malformed } from "../codec/value-error.ts";
import { feeHistory } from "../fees/fee-history.ts";
import type { TipOracle } from "../fees/tip-oracle.ts";
import { serverError } from "../json-rpc-error.ts";
import type { JsonRpcLimits } from "../limits.ts";
import { type Methods, method } from "../method.ts";

const percentilesMax = 100;

/** eth_* about prices. */
export function createFeeMethods(reader: ChainReader, tips: TipOracle, limits: JsonRpcLimits): Methods {
  return {
    eth_gasPrice: method([], () => {
      // Those who pay one price pay for the next block, whose base fee is known.
      const next = reader.fees("latest")?.nextBaseFeePerGas ?? reader.head().header.baseFeePerGas;
      return quantity(next + tips.suggest());
    }),
    eth_maxPriorityFeePerGas: method([], () => quantity(tips.suggest())),
    eth_blobBaseFee: method([], (): Hex => {
      const { header } = reader.head();
      return quantity(baseFeePerBlobGas(header.excessBlobGas, reader.config.forks.blobsAt(header.timestamp)));
    }),
    eth_feeHistory: method(
      [required(readCount), required(readBlockHeight), optional(readPercentiles, [])],
      ([count, newest, percentiles]) =>
        feeHistory(reader, { count, newest, percentiles, blocksMax: limits.feeHistoryBlocksMax }),
    ),
  };
}

function readPercentiles(value: unknown): number[] {
  if (Array.isArray(value) && value.length > percentilesMax) {
    throw serverError(`invalid reward percentile: over the query limit ${percentilesMax}`);
  }
  return readList(readPercentile, percentilesMax)(value);
}

function readPercentile(value: unknown): number {
  if (typeof value !== "number") throw malformed("cannot unmarshal non-number as a percentile");
  if (value >= 0 && value <= 100) return value;
  throw serverError(`invalid reward percentile: ${value.toFixed(6)}`);
}
