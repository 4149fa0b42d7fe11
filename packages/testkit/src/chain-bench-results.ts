/** What a run of the chain's throughput bench showed. */
export interface ThroughputFigures {
  readonly transactions: number;
  /** Transactions whose receipts say success. */
  readonly successful: number;
  /** From the first one sent to the last one in a block, per second. */
  readonly successfulPerSecond: number;
  /** From being sent to being seen in a block; undefined where nothing is sent. */
  readonly inclusionMs?: { readonly p50: number; readonly p95: number; readonly p99: number };
  readonly seconds: number;
  /** CPU time of the node. */
  readonly cpuSeconds: number;
  readonly residentMb: number;
}

/** What one node made of one workload by one way in, or why nothing. */
export interface RunResult {
  readonly node: string;
  readonly way: string;
  readonly case: string;
  readonly accounts: number;
  readonly figures?: ThroughputFigures | undefined;
  readonly missing?: string | undefined;
}

/** What a node showed beside its throughput. */
export interface NodeResult {
  readonly node: string;
  readonly accounts: number;
  /** From the start with a genesis file to the first answer. */
  readonly startSeconds: number;
  /** What its folder takes before the first transaction; undefined when it keeps its state in memory. */
  readonly stateMb?: number | undefined;
  /** One eth_getProof of an account after the other, in milliseconds; undefined when it does not answer any. */
  readonly proofMs?: { readonly p50: number; readonly p99: number } | undefined;
}

/** What a whole bench showed: `services/chain/test/bench/throughput.ts` prints it as JSON, `npm run bench -- chain` reads it. */
export interface BenchResults {
  readonly runs: readonly RunResult[];
  readonly nodes: readonly NodeResult[];
}
