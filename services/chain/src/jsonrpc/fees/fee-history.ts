import { nextBaseFeePerGas } from "@koinon/ethereum/base-fee";
import { baseFeePerBlobGas, gasPerBlob, nextExcessBlobGas } from "@koinon/ethereum/blob-fee";
import type { Hex } from "@koinon/secp256k1/hex";
import type { BlockFees, ChainHeader, ChainReader } from "../../chain-view.ts";
import type { BlockHeight } from "../codec/block-reference.ts";
import { quantity } from "../codec/quantity.ts";
import { serverError } from "../json-rpc-error.ts";
import { requiredHeader } from "../required-block.ts";

/** What eth_feeHistory is asked. */
export interface FeeHistoryQuery {
  readonly count: bigint;
  readonly newest: BlockHeight;
  /** Ascending, 0 to 100. */
  readonly percentiles: readonly number[];
  readonly blocksMax: number;
}

/** What eth_feeHistory answers; the two lists of base fees have one entry more, for the block after the newest. */
export interface FeeHistory {
  readonly oldestBlock: Hex;
  readonly baseFeePerGas?: readonly Hex[];
  readonly gasUsedRatio: readonly number[] | null;
  readonly baseFeePerBlobGas?: readonly Hex[];
  readonly blobGasUsedRatio?: readonly number[];
  readonly reward?: readonly (readonly Hex[])[];
}

/** Fees of the last blocks up to one; throws "request beyond head block", and "invalid reward percentile" when not ascending. */
export function feeHistory(reader: ChainReader, query: FeeHistoryQuery): FeeHistory {
  assertAscending(query.percentiles);
  const head = reader.head().header.number;
  const { newest } = query;
  if (typeof newest === "bigint" && newest > head) {
    throw serverError(`request beyond head block: requested ${newest}, head ${head}`);
  }
  const last = requiredHeader(reader, newest).header.number;
  const count = least(query.count, BigInt(query.blocksMax), last + 1n);
  if (count === 0n) return { oldestBlock: quantity(0), gasUsedRatio: null };
  const oldest = last + 1n - count;
  const headers: ChainHeader[] = [];
  for (let number = oldest; number <= last; number++) headers.push(requiredHeader(reader, number));
  const newestHeader = headers.at(-1) as ChainHeader;
  const { forks } = reader.config;
  const blobFees = headers.map(({ header }) =>
    baseFeePerBlobGas(header.excessBlobGas, forks.blobsAt(header.timestamp)),
  );
  const history: FeeHistory = {
    oldestBlock: quantity(oldest),
    baseFeePerGas: [
      ...headers.map(({ header }) => quantity(header.baseFeePerGas)),
      quantity(nextBaseFeePerGas(newestHeader.header)),
    ],
    gasUsedRatio: headers.map(({ header }) => Number(header.gasUsed) / Number(header.gasLimit)),
    baseFeePerBlobGas: [...blobFees, nextBlobFee(reader, newestHeader)].map(quantity),
    blobGasUsedRatio: headers.map(({ header }) => {
      const { max } = forks.blobsAt(header.timestamp);
      return Number(header.blobGasUsed) / Number(BigInt(max) * gasPerBlob);
    }),
  };
  if (query.percentiles.length === 0) return history;
  return { ...history, reward: headers.map(({ hash }) => rewardsOf(reader.fees(hash), query.percentiles)) };
}

function nextBlobFee(reader: ChainReader, { header }: ChainHeader): bigint {
  const { forks } = reader.config;
  const blobs = forks.blobsAt(header.timestamp);
  return baseFeePerBlobGas(nextExcessBlobGas(header, forks.forkAt(header.timestamp), blobs), blobs);
}

/** Tips at percentiles of the gas used, transactions ordered by their tip. */
function rewardsOf(fees: BlockFees | undefined, percentiles: readonly number[]): Hex[] {
  if (fees === undefined || fees.tips.length === 0) return percentiles.map(() => quantity(0));
  const sorted = [...fees.tips].sort((a, b) => (a.tip < b.tip ? -1 : a.tip > b.tip ? 1 : 0));
  const total = Number(fees.block.header.gasUsed);
  let index = 0;
  let sum = Number(sorted[0]?.gasUsed);
  return percentiles.map((percentile) => {
    const threshold = Math.floor((total * percentile) / 100);
    while (sum < threshold && index < sorted.length - 1) sum += Number(sorted[++index]?.gasUsed);
    return quantity(sorted[index]?.tip ?? 0n);
  });
}

function assertAscending(percentiles: readonly number[]): void {
  for (const [index, percentile] of percentiles.entries()) {
    const before = percentiles[index - 1];
    if (before !== undefined && before >= percentile) {
      throw serverError(
        `invalid reward percentile: #${index - 1}:${before.toFixed(6)} >= #${index}:${percentile.toFixed(6)}`,
      );
    }
  }
}

function least(first: bigint, ...others: readonly bigint[]): bigint {
  let smallest = first;
  for (const value of others) if (value < smallest) smallest = value;
  return smallest;
}
