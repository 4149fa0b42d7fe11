/** Milliseconds. */
export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
}

/** What the log's bench showed: `services/poi/test/bench/append.ts` prints it as JSON, `npm run bench -- receipts` reads it. */
export interface AppendFigures {
  readonly receipts: number;
  /** Events under way at once. */
  readonly inFlight: number;
  /** Receipts that became durable entries. */
  readonly perSecond: number;
  /** From publishing an event to its being durable. */
  readonly appendMs: Percentiles;
  readonly proofMs: Percentiles;
  readonly cpuCores: number;
  /** The same entries in a plain table of the same server. */
  readonly plainPerSecond: number;
  readonly plainReadMs: Percentiles;
}
