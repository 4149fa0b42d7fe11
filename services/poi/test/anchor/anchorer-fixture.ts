import { setTimeout as delay } from "node:timers/promises";
import type { Database } from "@koinon/postgres/database";
import { type Address, zeroAddress } from "@koinon/secp256k1/address";
import { createSigner } from "@koinon/secp256k1/ecdsa";
import type { Signer } from "@koinon/secp256k1/signer";
import { registryTransactions } from "@koinon/solidity/checkpoint-registry";
import {
  Anchorer,
  type AnchorerDependencies,
  type AnchorerOptions,
  type StepResult,
} from "../../src/anchor/anchorer.ts";
import { Chain } from "../../src/anchor/chain.ts";
import { JsonRpc } from "../../src/anchor/json-rpc.ts";
import { LogHistory } from "../../src/anchor/log-history.ts";
import { Submitter } from "../../src/anchor/submitter.ts";
import { nodeHasher } from "../../src/log/node-hasher.ts";
import type { AnchorOutcome } from "../../src/metrics.ts";
import type { PublishedCheckpoint } from "../../src/store/checkpoint-store.ts";
import type { Anvil } from "./anvil.ts";

/** One registry of its own, and an anchorer of the test log for it. */
export class AnchorerFixture {
  readonly clock = {
    atMs: Date.UTC(2026, 10, 23),
    now(): number {
      return this.atMs;
    },
  };
  readonly outcomes: AnchorOutcome[] = [];
  readonly signal: AbortSignal = new AbortController().signal;
  readonly origin = "log.example/test";
  readonly anvil: Anvil;
  readonly signer: Signer;
  readonly registry: Address;
  /** Keeps the origin for a stranger, where a test wants one. */
  readonly stranger: Address;
  /** The size that is published, as far as the anchorer sees. */
  publishedSize: bigint;
  readonly #database: Database;
  readonly #rpcs: JsonRpc[] = [];

  private constructor(
    anvil: Anvil,
    database: Database,
    facts: Pick<AnchorerFixture, "signer" | "registry" | "stranger">,
  ) {
    this.anvil = anvil;
    this.#database = database;
    this.signer = facts.signer;
    this.registry = facts.registry;
    this.stranger = facts.stranger;
    this.publishedSize = 0n;
  }

  static async open(anvil: Anvil, database: Database, label: number): Promise<AnchorerFixture> {
    const signer = createSigner(new Uint8Array(32).fill(label));
    const [deployer = zeroAddress, stranger = zeroAddress] = await anvil.accounts();
    await anvil.control("anvil_setBalance", signer.address, "0xde0b6b3a7640000");
    const registry = await anvil.deployRegistry(deployer);
    return new AnchorerFixture(anvil, database, { signer, registry, stranger });
  }

  /** An anchorer as a process has it; several are several processes. */
  anchorer(
    options: Partial<AnchorerOptions> & { readonly feeMax?: bigint; readonly url?: string } = {},
    dependencies: Partial<AnchorerDependencies> = {},
  ): Anchorer {
    const { feeMax = 100_000_000_000n, url = this.anvil.url, ...rest } = options;
    const rpc = new JsonRpc({ url, timeoutMs: 10_000, attemptsMax: 2 });
    this.#rpcs.push(rpc);
    const chain = dependencies.chain ?? new Chain({ rpc });
    const { registry } = this;
    const database = this.#database;
    const place = { chainId: 31_338n, registry, ...rest };
    return new Anchorer(
      { origin: this.origin, confirmations: 0n, stuckAfterMs: 60_000, channel: "poi_published", ...place },
      {
        ...{ database, chain, clock: this.clock, history: this.#history() },
        submitter: new Submitter({ ...place, feeMax }, { chain, signer: this.signer }),
        onOutcome: (outcome) => this.outcomes.push(outcome),
        ...dependencies,
      },
    );
  }

  /** Steps until there is nothing to do before the interval is over, or as many times as told. */
  async run(anchorer: Anchorer, stepsMax?: number): Promise<StepResult[]> {
    const results: StepResult[] = [];
    const deadline = AbortSignal.timeout(40_000);
    while (results.at(-1) !== "idle" && results.length < (stepsMax ?? 12) && !deadline.aborted) {
      const result = await anchorer.step(this.signal);
      // anvil mines a moment after it has taken a transaction: without a number of steps, waiting longer is the same wait.
      const isSameWait = stepsMax === undefined && result === "waiting" && results.at(-1) === "waiting";
      if (isSameWait) await delay(10);
      else results.push(result);
    }
    return results;
  }

  /** Makes the stranger the owner of the origin, the submitter being allowed to anchor. */
  async registerAsStranger(): Promise<void> {
    const { origin, signer } = this;
    await this.anvil.send(this.stranger, this.registry, registryTransactions.register(origin));
    await this.anvil.send(
      this.stranger,
      this.registry,
      registryTransactions.setSubmitter(origin, signer.address, true),
    );
  }

  async close(): Promise<void> {
    for (const rpc of this.#rpcs) await rpc.close();
  }

  #history(): AnchorerDependencies["history"] {
    const history = new LogHistory({ witnessThreshold: 0 }, { database: this.#database, hasher: nodeHasher });
    return {
      candidate: async (): Promise<PublishedCheckpoint | undefined> => await history.checkpoint(this.publishedSize),
      checkpoint: (size) => history.checkpoint(size),
      rootAt: async (size) => (size > this.publishedSize ? undefined : await history.rootAt(size)),
    };
  }
}
