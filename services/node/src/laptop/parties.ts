/** One of the providers that a laptop network starts with: separate parties, each with keys, prices and a region of its own. */
export interface Party {
  readonly name: string;
  readonly region: string;
  /** Micro-credits per 1,000,000 tokens. */
  readonly inputPrice: bigint;
  readonly outputPrice: bigint;
  /** True for the one that runs in a process of its own, so that it can be stopped and started by itself. */
  readonly ownProcess: boolean;
}

/** Three parties with different prices, so that routing has something to decide. */
export const parties: readonly Party[] = [
  { name: "aspen", region: "eu-west", inputPrice: 100_000n, outputPrice: 300_000n, ownProcess: false },
  { name: "birch", region: "us-east", inputPrice: 120_000n, outputPrice: 280_000n, ownProcess: false },
  { name: "cedar", region: "ap-south", inputPrice: 150_000n, outputPrice: 450_000n, ownProcess: true },
];
