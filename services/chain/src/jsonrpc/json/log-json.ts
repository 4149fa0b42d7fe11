import type { Log } from "@koinon/ethereum/log";
import type { Address } from "@koinon/secp256k1/address";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import { quantity } from "../codec/quantity.ts";

/** Where a log stands. */
export interface LogPlace {
  readonly blockHash: Hex;
  readonly blockNumber: bigint;
  /** Seconds since the epoch. */
  readonly blockTimestamp: bigint;
  readonly transactionHash: Hex;
  readonly transactionIndex: number;
  /** Position among the logs of the block. */
  readonly logIndex: number;
}

/** A log as the RPC gives it. */
export interface LogJson {
  readonly address: Address;
  readonly topics: readonly Hex[];
  readonly data: Hex;
  readonly blockNumber: Hex;
  readonly transactionHash: Hex;
  readonly transactionIndex: Hex;
  readonly blockHash: Hex;
  readonly blockTimestamp: Hex;
  readonly logIndex: Hex;
  /** True when its block is not part of the chain any more. */
  readonly removed: boolean;
}

/** The RPC form of a log. */
export function logToJson(log: Log, place: LogPlace, removed = false): LogJson {
  return {
    address: log.address,
    topics: log.topics,
    data: bytesToHex(log.data),
    blockNumber: quantity(place.blockNumber),
    transactionHash: place.transactionHash,
    transactionIndex: quantity(place.transactionIndex),
    blockHash: place.blockHash,
    blockTimestamp: quantity(place.blockTimestamp),
    logIndex: quantity(place.logIndex),
    removed,
  };
}
