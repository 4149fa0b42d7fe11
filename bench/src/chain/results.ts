/** What `services/chain/test/bench/throughput.ts` prints of a run that got through. */
export interface Figures {
  readonly transactions: number;
  readonly successful: number;
  readonly successfulPerSecond: number;
  readonly inclusionMs?: { readonly p50: number; readonly p95: number; readonly p99: number };
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly residentMb: number;
}

/** One workload on one node by one way in. */
export interface Run {
  readonly node: string;
  readonly way: string;
  readonly case: string;
  readonly accounts: number;
  readonly figures?: Figures;
  readonly missing?: string;
}

/** What a node showed beside its throughput. */
export interface NodeFigures {
  readonly node: string;
  readonly accounts: number;
  readonly startSeconds: number;
  readonly stateMb?: number;
  readonly proofMs?: { readonly p50: number; readonly p99: number };
}

/** Everything that the program prints. */
export interface Results {
  readonly runs: readonly Run[];
  readonly nodes: readonly NodeFigures[];
}
