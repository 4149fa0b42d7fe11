import type { Address } from "@koinon/secp256k1/address";

/** One provider's offer of the asked model, as routing sees it at one moment. */
export interface Candidate {
  /** Root address. */
  readonly provider: Address;
  readonly name: string;
  readonly region: string;
  /** The most this request can cost under the offer's quote, in micro-credits. */
  readonly maxFee: bigint;
  /** Observed median time to the first byte; undefined before the first observation. */
  readonly latencyMs: number | undefined;
  /** Requests in hand. */
  readonly active: number;
  /** Requests it serves at once, at least 1. */
  readonly capacity: number;
  /** Its heartbeats are late: to be tried when all others have failed. */
  readonly isSilent: boolean;
}

/** How a request wants its provider chosen. */
export interface RoutingPolicy {
  readonly prefer: "price" | "latency";
  /** Names or addresses to try first, in this order. */
  readonly order: readonly string[];
  /** When not empty: the only names or addresses allowed. */
  readonly only: readonly string[];
  /** Names or addresses never to use. */
  readonly exclude: readonly string[];
  /** When not empty: the only regions allowed. */
  readonly regions: readonly string[];
  /** Forbids a second provider after a failure. */
  readonly noFallback: boolean;
  /** Refuses candidates that could cost more, in micro-credits. */
  readonly maxFee: bigint | undefined;
}

/** The policy of a request that states none. */
export const defaultPolicy: RoutingPolicy = {
  prefer: "price",
  order: [],
  only: [],
  exclude: [],
  regions: [],
  noFallback: false,
  maxFee: undefined,
};
