import type { TreeHasher } from "@koinon/merkle/tree-hasher";
import type { Database } from "@koinon/postgres/database";
import type { HealthPart } from "@koinon/runtime/health";
import type { Logger } from "@koinon/runtime/logger";
import type { PoiMetrics } from "../metrics.ts";
import type { AnchorConfig } from "./anchor-config.ts";
import { AnchorLookup } from "./anchor-lookup.ts";
import { Anchorer } from "./anchorer.ts";
import { Anchoring } from "./anchoring.ts";
import { Chain } from "./chain.ts";
import { JsonRpc } from "./json-rpc.ts";
import { LogHistory } from "./log-history.ts";
import { Submitter } from "./submitter.ts";

/** Whose log is anchored, and how long things may take. */
export interface AnchorPartOptions {
  readonly anchor: AnchorConfig;
  readonly origin: string;
  readonly witnessThreshold: number;
  readonly channel: string;
}

export interface AnchorPartDependencies {
  readonly database: Database;
  readonly hasher: TreeHasher;
  readonly clock: { now(): number };
  readonly log: Logger;
  readonly metrics: PoiMetrics;
  readonly isLeader: () => boolean;
}

// Anchoring has time; readers have not.
const patient = { timeoutMs: 10_000, attemptsMax: 3 };
const hasty = { timeoutMs: 1_000, attemptsMax: 1 };
// A block of a fast chain; a slow one is asked a few times too often.
const pollMs = 1_000;
// Five blocks of Ethereum.
const stuckAfterMs = 60_000;

/** Everything of poi that knows of a chain. */
export class AnchorPart {
  readonly lookup: AnchorLookup;
  readonly #rpcs: readonly JsonRpc[];
  readonly #anchorer: Anchorer;
  readonly #anchoring: Anchoring;

  constructor(options: AnchorPartOptions, dependencies: AnchorPartDependencies) {
    const { rpcUrl, chainId, registry, signer, intervalMs, confirmations, feeMax } = options.anchor;
    const { origin, channel } = options;
    const { database, clock, log, metrics, isLeader } = dependencies;
    const [rpc, readersRpc] = [new JsonRpc({ url: rpcUrl, ...patient }), new JsonRpc({ url: rpcUrl, ...hasty })];
    this.#rpcs = [rpc, readersRpc];
    const chain = new Chain({ rpc });
    this.lookup = new AnchorLookup({ chainId, registry }, { database, clock, chain: new Chain({ rpc: readersRpc }) });
    this.#anchorer = new Anchorer(
      { chainId, registry, origin, channel, confirmations, stuckAfterMs },
      {
        ...{ database, chain, clock, history: new LogHistory(options, dependencies) },
        submitter: new Submitter({ chainId, registry, feeMax }, { chain, signer }),
        onOutcome: (outcome) => metrics.anchored(outcome),
      },
    );
    this.#anchoring = new Anchoring(
      { intervalMs, pollMs },
      { anchorer: this.#anchorer, isLeader, log, onFailure: () => metrics.anchored("failed") },
    );
  }

  /** Size of the newest anchored checkpoint, as far as this process knows. */
  get anchoredSize(): bigint | undefined {
    return this.#anchorer.anchoredSize;
  }

  start(): void {
    this.#anchoring.start();
  }

  /** Anchors no more; what was found before is still served. */
  async quiesce(): Promise<void> {
    await this.#anchoring.stop();
  }

  async stop(): Promise<void> {
    await this.#anchoring.stop();
    await Promise.all(this.#rpcs.map((rpc) => rpc.close()));
  }

  health(): HealthPart {
    return this.#anchoring.health();
  }
}
