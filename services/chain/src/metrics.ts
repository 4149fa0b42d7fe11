import type { Counter, Histogram, Meter } from "@opentelemetry/api";
import type { Chain } from "./chain.ts";

// Powers of four up to what a block of 8 MiB can hold.
const BLOCK_TRANSACTIONS = [0, 1, 4, 16, 64, 256, 1_024, 4_096, 16_384, 65_536];

/** Every metric of a shard. */
export class ChainMetrics {
  readonly #meter: Meter;
  readonly #blocks: Counter;
  readonly #transactions: Counter;
  readonly #gas: Counter;
  readonly #blockTransactions: Histogram;
  readonly #workersLost: Counter;
  readonly #callThreadsLost: Counter;
  readonly #publishFailures: Counter;
  readonly #journalFailures: Counter;
  readonly #rpcCalls: Counter;

  constructor(meter: Meter) {
    this.#meter = meter;
    this.#blocks = meter.createCounter("chain.blocks", { description: "Blocks committed." });
    this.#transactions = meter.createCounter("chain.transactions", { description: "Transactions committed." });
    this.#gas = meter.createCounter("chain.gas", { description: "Gas used by committed transactions." });
    this.#blockTransactions = meter.createHistogram("chain.block.transactions", {
      description: "Transactions in one block.",
      advice: { explicitBucketBoundaries: BLOCK_TRANSACTIONS },
    });
    this.#workersLost = meter.createCounter("chain.recovery.workers.lost", {
      description: "Threads that ended while they recovered senders.",
    });
    this.#callThreadsLost = meter.createCounter("chain.calls.threads.lost", {
      description: "Threads that ended while they executed calls.",
    });
    this.#publishFailures = meter.createCounter("chain.events.failures", {
      description: "Failed attempts to publish a block's event.",
    });
    this.#journalFailures = meter.createCounter("chain.mempool.journal.failures", {
      description: "Times that waiting transactions could no longer be kept on disk.",
    });
    this.#rpcCalls = meter.createCounter("chain.rpc.calls", {
      description: "Calls over JSON-RPC, by method and outcome.",
    });
  }

  /** Registers what is read at collection; answers how to stop that. */
  observe({ view: { reader, mempool, calls }, withdrawals }: Pick<Chain, "view" | "withdrawals">): () => void {
    const stops = [
      this.observeHeight(() => Number(reader.head().header.number)),
      this.#gauge("chain.mempool.pending", "Transactions that can go into a block.", () => mempool.status().pending),
      this.#gauge("chain.mempool.queued", "Transactions that wait for others.", () => mempool.status().queued),
      this.#gauge("chain.mempool.bytes", "Bytes of all waiting transactions.", () => mempool.status().bytes),
      this.#gauge("chain.calls.waiting", "Calls that wait for a thread.", () => calls.occupancy().waiting),
      this.#gauge("chain.calls.running", "Threads that are at a call.", () => calls.occupancy().running),
      this.#gauge("chain.withdrawals.waiting", "Withdrawals that wait for a block.", () => withdrawals.waitingCount),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }

  /** The same for a chain that another client has. */
  observeHeight(read: () => number): () => void {
    return this.#gauge("chain.height", "Number of the last block on disk.", read);
  }

  #gauge(name: string, description: string, read: () => number): () => void {
    const instrument = this.#meter.createObservableGauge(name, { description });
    const callback = (result: { observe(value: number): void }) => result.observe(read());
    instrument.addCallback(callback);
    return () => instrument.removeCallback(callback);
  }

  committed({ gasUsed, transactionCount }: { readonly gasUsed: bigint; readonly transactionCount: number }): void {
    this.#blocks.add(1);
    this.#transactions.add(transactionCount);
    this.#gas.add(Number(gasUsed));
    this.#blockTransactions.record(transactionCount);
  }

  workerLost(): void {
    this.#workersLost.add(1);
  }

  callThreadLost(): void {
    this.#callThreadsLost.add(1);
  }

  /** `method` is one that exists, or "unknown". */
  rpcAnswered(method: string, outcome: "result" | "error"): void {
    this.#rpcCalls.add(1, { method, outcome });
  }

  journalFailed(): void {
    this.#journalFailures.add(1);
  }

  publishFailed(): void {
    this.#publishFailures.add(1);
  }
}
