import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";
import type { LogFilter } from "../../chain-view.ts";
import { type BlockHeight, readBlockHeight } from "./block-reference.ts";
import { readAddress, readHash } from "./bytes.ts";
import { ObjectReader } from "./object.ts";
import { quantity } from "./quantity.ts";
import { malformed } from "./value-error.ts";

/** Which logs of which blocks: of one block by hash, or of a range whose ends are included. */
export interface LogQuery {
  readonly filter: LogFilter;
  readonly blockHash: Hex | undefined;
  readonly fromBlock: BlockHeight | undefined;
  readonly toBlock: BlockHeight | undefined;
}

const addressesMax = 1_000;
const alternativesMax = 1_000;
const positionsMax = 4;

/** Reads the filter object of eth_getLogs, eth_newFilter and the logs subscription. */
export function readLogQuery(value: unknown): LogQuery {
  const members = new ObjectReader(value, "filter");
  const blockHash = members.optional("blockHash", readHash);
  const fromBlock = members.optional("fromBlock", readBlockHeight);
  const toBlock = members.optional("toBlock", readBlockHeight);
  if (blockHash !== undefined && (fromBlock !== undefined || toBlock !== undefined)) {
    throw malformed("cannot specify both BlockHash and FromBlock/ToBlock, choose one or the other");
  }
  const addresses = members.optional("address", readAddresses) ?? [];
  const topics = members.optional("topics", readTopics) ?? [];
  return { filter: { addresses, topics }, blockHash, fromBlock, toBlock };
}

/** The query as a caller may write it. */
export function logQueryToJson({ filter, blockHash, fromBlock, toBlock }: LogQuery): Record<string, unknown> {
  const shown = (block: BlockHeight | undefined) => (typeof block === "bigint" ? quantity(block) : block);
  return { ...logFilterToJson(filter), blockHash, fromBlock: shown(fromBlock), toBlock: shown(toBlock) };
}

/** The filter as a caller may write it. */
export function logFilterToJson({ addresses, topics }: LogFilter): Record<string, unknown> {
  return { address: addresses, topics: topics.map((choice) => (choice.length === 0 ? null : choice)) };
}

function readAddresses(value: unknown): Address[] {
  if (!Array.isArray(value)) return [readAddress(value)];
  if (value.length > addressesMax) throw malformed("exceed max addresses or topics per search position");
  return value.map(readAddress);
}

function readTopics(value: unknown): Hex[][] {
  if (!Array.isArray(value)) throw malformed("topics is not a list");
  if (value.length > positionsMax) throw malformed("exceed max topics");
  return value.map(readPosition);
}

function readPosition(value: unknown): Hex[] {
  if (value === null) return [];
  if (!Array.isArray(value)) return [readHash(value)];
  if (value.length > alternativesMax) throw malformed("exceed max addresses or topics per search position");
  // A null among alternatives lets every topic through.
  return value.includes(null) ? [] : value.map(readHash);
}
