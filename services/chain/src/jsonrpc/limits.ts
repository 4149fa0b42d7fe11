import type { DispatchLimits } from "./dispatcher.ts";

/** Bounds of the JSON-RPC server. */
export interface JsonRpcLimits extends DispatchLimits {
  /** HTTP requests in hand at once. */
  readonly requestsMax: number;
  /** Bytes of a request's body or of a WebSocket message. */
  readonly bodyBytesMax: number;
  /** Bytes of the bodies of all HTTP requests in hand. */
  readonly bodyBytesTotalMax: number;
  /** Blocks that one search for logs may span. */
  readonly logBlocksMax: bigint;
  /** Logs in one answer. */
  readonly logsMax: number;
  /** Slots in one eth_getProof. */
  readonly proofSlotsMax: number;
  /** Blocks in one eth_feeHistory. */
  readonly feeHistoryBlocksMax: number;
  /** Milliseconds for one trace of those that a request asks for. */
  readonly traceTimeoutMs: number;
  /** Bytes that one trace may hold, roughly. */
  readonly traceBytesMax: number;
  /** Blocks and calls in one eth_simulateV1. */
  readonly simulatedBlocksMax: number;
  readonly simulatedCallsMax: number;
  /** Transactions in one txpool_content. */
  readonly poolContentMax: number;
  /** Blocks in one answer of a filter of blocks; the rest comes with the next one. */
  readonly filterBlocksMax: bigint;
  readonly filtersMax: number;
  /** How long a filter lives that nobody asks. */
  readonly filterLifetimeMs: number;
  /** Entries that a filter of pending transactions keeps; the oldest go first. */
  readonly filterQueueMax: number;
  /** WebSocket connections. */
  readonly connectionsMax: number;
  readonly subscriptionsPerConnectionMax: number;
  /** Messages of a connection that are answered at the same time; it is not read further until one is done. */
  readonly messagesPerConnectionMax: number;
  /** Bytes that wait to be sent on a connection before its subscriptions pause. */
  readonly sendQueueBytesMax: number;
  /** How long a connection may take nothing while something waits for it. */
  readonly stalledConnectionMs: number;
}

/** What a node starts with; close to go-ethereum's where it has such a bound. */
export const defaultLimits: JsonRpcLimits = {
  requestsMax: 256,
  bodyBytesMax: 5 * 2 ** 20,
  bodyBytesTotalMax: 128 * 2 ** 20,
  batchMax: 1_000,
  responseLengthMax: 25_000_000,
  requestTimeoutMs: 30_000,
  logBlocksMax: 10_000n,
  logsMax: 20_000,
  proofSlotsMax: 1_024,
  feeHistoryBlocksMax: 1_024,
  traceTimeoutMs: 5_000,
  traceBytesMax: 64 * 2 ** 20,
  simulatedBlocksMax: 256,
  simulatedCallsMax: 1_000,
  poolContentMax: 10_000,
  filterBlocksMax: 1_000n,
  filtersMax: 1_000,
  filterLifetimeMs: 300_000,
  filterQueueMax: 10_000,
  connectionsMax: 256,
  subscriptionsPerConnectionMax: 100,
  messagesPerConnectionMax: 16,
  sendQueueBytesMax: 4 * 2 ** 20,
  stalledConnectionMs: 30_000,
};
