import { isFault } from "@koinon/errors/domain-error";
import { invariant } from "@koinon/errors/invariant";
import { transactionHash } from "@koinon/ethereum/transaction-signing";
import type { Database } from "@koinon/postgres/database";
import { bytesToHex } from "@koinon/secp256k1/hex";
import { CheckpointRegistry, registryTransactions } from "@koinon/solidity/checkpoint-registry";
import type { AnchoredCheckpoint } from "@koinon/solidity/registry-storage";
import type { AnchorOutcome } from "../metrics.ts";
import {
  deleteAnchor,
  deleteSubmission,
  loadSubmission,
  newestAnchor,
  pruneAnchors,
  type RegistryPlace,
  type Submission,
  saveAnchor,
  saveSubmission,
} from "../store/anchor-store.ts";
import type { PublishedCheckpoint } from "../store/checkpoint-store.ts";
import { AnchorError } from "./anchor-error.ts";
import { proveAnchor } from "./anchor-proof.ts";
import type { Chain } from "./chain.ts";
import type { LogHistory } from "./log-history.ts";
import type { Submitter } from "./submitter.ts";

/** Which log is anchored where, and how patiently. */
export interface AnchorerOptions extends RegistryPlace {
  readonly origin: string;
  /** Blocks that have to follow the one with the transaction before it counts. */
  readonly confirmations: bigint;
  /**
   * How long a transaction waits for a block before it is replaced by one that pays more, or is given up when its nonce is taken,
   * milliseconds.
   */
  readonly stuckAfterMs: number;
  /** Channel on which readers are told of a new anchor. */
  readonly channel: string;
}

export interface AnchorerDependencies {
  readonly database: Database;
  readonly history: Pick<LogHistory, "candidate" | "checkpoint" | "rootAt">;
  readonly chain: Chain;
  readonly submitter: Submitter;
  readonly clock: { now(): number };
  readonly onOutcome: (outcome: AnchorOutcome) => void;
}

/** What a step leaves to do: nothing until the interval is over, a transaction to wait for, or the next step at once. */
export type StepResult = "idle" | "waiting" | "again";

const replacementsMax = 8;
const anchorsKept = 10_000;
const dayMs = 86_400_000;

/**
 * Brings the newest published checkpoint into the registry, one transaction at a time. All it knows stands in the database before
 * anything is sent, so that any process goes on where another ended; two at once would only repeat each other's call, which the
 * registry takes as one.
 */
export class Anchorer {
  readonly #options: AnchorerOptions;
  readonly #dependencies: AnchorerDependencies;
  readonly #registry: CheckpointRegistry;
  #anchoredSize: bigint | undefined;

  constructor(options: AnchorerOptions, dependencies: AnchorerDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
    this.#registry = new CheckpointRegistry(
      { address: options.registry },
      { call: (request, signal = new AbortController().signal) => dependencies.chain.call(request, signal) },
    );
  }

  /** Size of the newest anchored checkpoint, as far as this process has looked. */
  get anchoredSize(): bigint | undefined {
    return this.#anchoredSize;
  }

  /** Does what is next. Throws AnchorError and database errors, after which it may be called again. */
  async step(signal: AbortSignal): Promise<StepResult> {
    const submission = await loadSubmission(this.#dependencies.database, this.#options);
    return submission === undefined ? await this.#submit(signal) : await this.#settle(submission, signal);
  }

  async #submit(signal: AbortSignal): Promise<StepResult> {
    const { database, history, chain } = this.#dependencies;
    const candidate = await history.candidate();
    if (candidate === undefined) return "idle";
    await this.#assertChain(signal);
    const last = await newestAnchor(database, this.#options);
    this.#anchoredSize = last?.size;
    // A node that is not in step may not know the block; that says nothing.
    const there = last && (await chain.block(last.blockNumber, signal));
    if (last !== undefined && there !== undefined && there.hash !== last.blockHash) {
      // The chain was reorganised; whether the checkpoint is still there is found out next.
      await deleteAnchor(database, this.#options, last.size);
      this.#dependencies.onOutcome("reorganised");
      return "again";
    }
    if (last !== undefined && last.size >= candidate.size) return "idle";
    const { origin } = this.#options;
    const latest = await this.#registry.latest(origin, signal);
    if (latest !== undefined) await this.#assertOurs(latest);
    if (latest !== undefined && latest.size >= candidate.size) return await this.#adopt(latest, signal);
    if ((await this.#registry.owner(origin, signal)) === undefined)
      return await this.#start(undefined, registryTransactions.register(origin), signal);
    const { size, root } = candidate;
    const epoch = epochOf(candidate, latest);
    return await this.#start(
      size,
      registryTransactions.anchor(origin, { size, root: bytesToHex(root), epoch }),
      signal,
    );
  }

  async #assertChain(signal: AbortSignal): Promise<void> {
    const found = await this.#dependencies.chain.id(signal);
    const configured = this.#options.chainId;
    if (found !== configured) throw new AnchorError({ code: "CHAIN_MISMATCH", configured, found });
  }

  /** What the registry has of this log is a prefix of it; anything else must be looked at by a person, and nothing is added. */
  async #assertOurs({ size, root }: AnchoredCheckpoint): Promise<void> {
    if ((await this.#dependencies.history.rootAt(size)) === root) return;
    throw new AnchorError({ code: "ANCHOR_CONFLICT", size, anchored: root });
  }

  /** The registry has this size, or a larger one, already: by a transaction that this database does not know of. */
  async #adopt({ size }: AnchoredCheckpoint, signal: AbortSignal): Promise<StepResult> {
    const checkpoint = await this.#dependencies.history.checkpoint(size);
    if (checkpoint === undefined) return "idle";
    try {
      await this.#record(checkpoint, await this.#settledBlock(signal), signal);
      return "idle";
    } catch (error) {
      // It may be in a block that does not count yet.
      if (this.#options.confirmations > 0n && isFault(error, "ANCHOR_UNPROVED")) return "waiting";
      throw error;
    }
  }

  async #start(size: bigint | undefined, data: `0x${string}`, signal: AbortSignal): Promise<StepResult> {
    const { database, submitter, clock } = this.#dependencies;
    const { raw, nonce } = await submitter.make(data, signal);
    await saveSubmission(database, this.#options, { size, nonce, transactions: [raw], sentAtMs: clock.now() });
    await submitter.send(raw, signal);
    return "waiting";
  }

  async #settle(submission: Submission, signal: AbortSignal): Promise<StepResult> {
    const { chain, submitter } = this.#dependencies;
    // Asked before the receipts, so that a nonce used by one of ours is never taken for a stranger's.
    const nextNonce = await chain.nonce(submitter.account, signal);
    for (const raw of submission.transactions.toReversed()) {
      const hash = transactionHash(raw);
      const inclusion = await chain.inclusion(hash, signal);
      if (inclusion === undefined) continue;
      const block = await this.#settledBlock(signal);
      if (inclusion.blockNumber > block) return "waiting";
      if (inclusion.isSuccess) return await this.#finish(submission, block, signal);
      await this.#abandon("reverted");
      throw new AnchorError({ code: "ANCHOR_REVERTED", transaction: hash });
    }
    if (nextNonce > submission.nonce) {
      // A node may count a transaction before it shows the block with it, and another behind the same address may lag.
      if (!this.#isOverdue(submission)) return "waiting";
      await this.#abandon("replaced");
      return "again";
    }
    return await this.#resend(submission, signal);
  }

  /**
   * The newest block that counts. The registry never changes what it holds, so its state proves any earlier anchor as well, and
   * unlike that of the transaction's own block it is still there when a process comes back after days.
   */
  async #settledBlock(signal: AbortSignal): Promise<bigint> {
    const newest = await this.#dependencies.chain.block("latest", signal);
    if (newest === undefined)
      throw new AnchorError({ code: "CHAIN_REPLY_MALFORMED", method: "eth_getBlockByNumber", reason: "no block" });
    const { confirmations } = this.#options;
    return newest.number > confirmations ? newest.number - confirmations : 0n;
  }

  async #finish({ size }: Submission, block: bigint, signal: AbortSignal): Promise<StepResult> {
    if (size === undefined) {
      await deleteSubmission(this.#dependencies.database, this.#options);
      return "again";
    }
    const checkpoint = await this.#dependencies.history.checkpoint(size);
    invariant(checkpoint !== undefined, "a checkpoint with a submission is kept");
    await this.#record(checkpoint, block, signal);
    return "idle";
  }

  async #record(checkpoint: PublishedCheckpoint, block: bigint, signal: AbortSignal): Promise<void> {
    const { database, chain, clock, onOutcome } = this.#dependencies;
    const { channel } = this.#options;
    const anchor = await proveAnchor({ ...this.#options, block }, checkpoint, chain, signal);
    await database.transaction(async (sql) => {
      await saveAnchor(sql, this.#options, anchor, { atMs: clock.now(), channel });
      await deleteSubmission(sql, this.#options);
      await pruneAnchors(sql, this.#options, anchorsKept);
    });
    this.#anchoredSize = checkpoint.size;
    onOutcome("anchored");
  }

  async #abandon(outcome: AnchorOutcome): Promise<void> {
    await deleteSubmission(this.#dependencies.database, this.#options);
    this.#dependencies.onOutcome(outcome);
  }

  /** Also when the clock was set back: one replacement too early costs a quarter more. */
  #isOverdue({ sentAtMs }: Submission): boolean {
    const waitedMs = this.#dependencies.clock.now() - sentAtMs;
    return waitedMs < 0 || waitedMs >= this.#options.stuckAfterMs;
  }

  /** Sends again what the node may have lost, and pays more for what waits too long. */
  async #resend(submission: Submission, signal: AbortSignal): Promise<StepResult> {
    const { database, submitter, clock, onOutcome } = this.#dependencies;
    const { transactions } = submission;
    const newest = transactions.at(-1);
    invariant(newest !== undefined, "a submission has a transaction");
    if (!this.#isOverdue(submission)) {
      await submitter.send(newest, signal);
      return "waiting";
    }
    const raised = transactions.length > replacementsMax ? undefined : await submitter.raise(newest, signal);
    if (raised === undefined) {
      await submitter.send(newest, signal);
      throw new AnchorError({ code: "ANCHOR_STUCK", transaction: transactionHash(newest) });
    }
    const replaced = { ...submission, transactions: [...transactions, raised], sentAtMs: clock.now() };
    await saveSubmission(database, this.#options, replaced);
    onOutcome("raised");
    await submitter.send(raised, signal);
    return "waiting";
  }
}

/** The day of the checkpoint since 1970, and never less than the epoch before. */
function epochOf({ signedAtMs }: PublishedCheckpoint, latest: AnchoredCheckpoint | undefined): bigint {
  const day = BigInt(Math.floor(signedAtMs / dayMs));
  return latest !== undefined && latest.epoch > day ? latest.epoch : day;
}
