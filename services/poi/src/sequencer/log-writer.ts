import type { TreeHasher } from "@koinon/merkle/tree-hasher";
import { isSameHash } from "@koinon/merkle/tree-hasher";
import type { Lease } from "@koinon/postgres/lease";
import type { Queryable } from "@koinon/postgres/sql";
import type { Hex } from "@koinon/secp256k1/hex";
import { growTree } from "@koinon/tlog/tile-growth";
import { PoiError } from "../errors.ts";
import type { LogKey } from "../log/log-key.ts";
import { BoundedCache } from "../settled/bounded-cache.ts";
import type { Refusal } from "../settled/refusal.ts";
import type { LoggableReceipt } from "../settled/settled-verifier.ts";
import { insertCheckpoint, newestCheckpoint, pruneCheckpoints } from "../store/checkpoint-store.ts";
import { mergeContributions } from "../store/contribution-store.ts";
import { findReleasable } from "../store/held-store.ts";
import { loadSessions, saveSessions } from "../store/session-store.ts";
import {
  advanceTree,
  findEntries,
  insertEntries,
  insertFullTiles,
  loadTree,
  type StoredTree,
} from "../store/tree-store.ts";
import { type AppendOutcome, type AppendPlan, type KnownState, planAppend } from "./append-plan.ts";
import { announceLogged } from "./logged-event.ts";
import { WaitingRoom } from "./waiting-room.ts";

/** Bounds of what a writer keeps. */
export interface LogWriterOptions {
  /** Most receipts held for a predecessor. */
  readonly heldMax: number;
  /** How long one is held, milliseconds. */
  readonly holdMs: number;
  /** Channel on which new checkpoints are told. */
  readonly channel: string;
}

export interface LogWriterDependencies {
  readonly lease: Pick<Lease, "transaction">;
  readonly key: LogKey;
  readonly hasher: TreeHasher;
  readonly clock: { now(): number };
}

/** What became of a receipt; "no-room" when it would have to be held and can not. */
export type WriteOutcome = AppendOutcome | "no-room";

/** What a batch came to. */
export interface WriteResult {
  /** In the order of the receipts. */
  readonly outcomes: readonly WriteOutcome[];
  /** Receipts of the batch that turned out not to belong in their session. */
  readonly refused: readonly Refusal[];
  /** New leaves. */
  readonly entries: number;
}

// Certificates and quotes known to be in the log; what falls out is looked up again.
const knownDocumentsMax = 16_384;
const checkpointsKept = 10_000;

/**
 * Changes the log, one transaction at a time on the connection that holds the sequencer's lock: without the lock nothing can commit.
 * Each append also compares the tree's state with the one it grew from. After an error a writer is not to be used again.
 */
export class LogWriter {
  readonly #options: LogWriterOptions;
  readonly #dependencies: LogWriterDependencies;
  readonly #documents = new BoundedCache<Hex, bigint>(knownDocumentsMax);
  readonly #waiting: WaitingRoom;
  #tree: StoredTree;
  #publishedSize: bigint | undefined;

  private constructor(
    options: LogWriterOptions,
    dependencies: LogWriterDependencies,
    state: { tree: StoredTree; publishedSize: bigint | undefined; waiting: WaitingRoom },
  ) {
    this.#options = options;
    this.#dependencies = dependencies;
    this.#tree = state.tree;
    this.#publishedSize = state.publishedSize;
    this.#waiting = state.waiting;
  }

  /** Reads where the log stands; throws LOG_OF_ANOTHER_ORIGIN. */
  static async open(options: LogWriterOptions, dependencies: LogWriterDependencies): Promise<LogWriter> {
    const waiting = new WaitingRoom(options);
    const state = await dependencies.lease.transaction(async (sql) => {
      await waiting.load(sql);
      const tree = await loadTree(sql, dependencies.key.origin, dependencies.hasher);
      return { tree, publishedSize: (await newestCheckpoint(sql))?.size, waiting };
    });
    return new LogWriter(options, dependencies, state);
  }

  get treeSize(): bigint {
    return this.#tree.edge.size;
  }

  /** Undefined while no checkpoint was ever published. */
  get publishedSize(): bigint | undefined {
    return this.#publishedSize;
  }

  get held(): number {
    return this.#waiting.held;
  }

  /** Appends a batch of verified receipts and keeps some refusals, in one transaction. */
  async append(receipts: readonly LoggableReceipt[], refusals: readonly Refusal[]): Promise<WriteResult> {
    const { lease, key, clock } = this.#dependencies;
    const { room } = this.#waiting;
    const { plan, tree, change } = await lease.transaction(async (sql) => {
      const planned = planAppend(receipts, await this.#load(sql, receipts));
      const grown = await this.#grow(sql, planned);
      const waiting = await this.#waiting.settle(sql, planned, refusals, clock.now());
      await announceLogged(sql, key.token, planned.logged);
      return { plan: planned, tree: grown, change: waiting };
    });
    this.#remember(plan);
    this.#tree = tree;
    this.#waiting.apply(change);
    const unheld = new Set(plan.held.slice(room).map((receipt) => receipt.id));
    return {
      outcomes: plan.outcomes.map((outcome, i) => (unheld.has(receipts[i]?.id ?? "0x") ? "no-room" : outcome)),
      refused: plan.refused,
      entries: plan.entries.length,
    };
  }

  /** Signs and publishes a checkpoint of the committed tree unless it has one; answers whether it did. */
  async publish(): Promise<boolean> {
    const { size } = this.#tree.edge;
    if (this.#publishedSize === size) return false;
    const { key, lease, hasher, clock } = this.#dependencies;
    await lease.transaction(async (sql) => {
      // What is signed is what the database has, not what this process believes: a checkpoint can not be taken back.
      const { edge, root } = await loadTree(sql, key.origin, hasher);
      if (edge.size !== size || !isSameHash(root, this.#tree.root)) {
        throw new PoiError({ code: "TREE_MOVED", expected: size });
      }
      const note = key.sign({ origin: key.origin, size, root, extensions: [] });
      await insertCheckpoint(sql, { size, root, note, signedAtMs: clock.now() }, this.#options.channel);
    });
    this.#publishedSize = size;
    return true;
  }

  /** Events of held receipts whose turn has come, in session order. */
  async releasable(limit: number): Promise<Uint8Array[]> {
    if (this.#waiting.held === 0) return [];
    return await this.#dependencies.lease.transaction((sql) => findReleasable(sql, limit));
  }

  /** Refuses what was held too long and forgets what is kept for a while only; answers the new refusals. */
  async housekeep(): Promise<readonly Refusal[]> {
    const { lease, clock } = this.#dependencies;
    const { refusals, change } = await lease.transaction(async (sql) => {
      await pruneCheckpoints(sql, checkpointsKept);
      return await this.#waiting.expire(sql, clock.now());
    });
    this.#waiting.apply(change);
    return refusals;
  }

  async #load(sql: Queryable, receipts: readonly LoggableReceipt[]): Promise<KnownState> {
    const logged = new Map<Hex, bigint>();
    const unknown = new Set(receipts.map((receipt) => receipt.id));
    for (const { id } of receipts.flatMap((receipt) => [receipt.certificate, receipt.quote])) {
      const index = this.#documents.get(id);
      if (index === undefined) unknown.add(id);
      else logged.set(id, index);
    }
    for (const [id, index] of await findEntries(sql, unknown)) logged.set(id, index);
    const sessions = await loadSessions(sql, new Set(receipts.map((receipt) => receipt.document.session)));
    return { treeSize: this.#tree.edge.size, logged, sessions };
  }

  async #grow(sql: Queryable, plan: AppendPlan): Promise<StoredTree> {
    if (plan.entries.length === 0) return this.#tree;
    const { hasher } = this.#dependencies;
    const leafHashes = plan.entries.map((entry) => hasher.leaf(entry.content));
    const grown = growTree(this.#tree.edge, leafHashes, hasher);
    await advanceTree(sql, this.#tree, grown);
    await insertEntries(sql, this.#tree.edge.size, plan.entries);
    await insertFullTiles(sql, grown.tiles);
    await saveSessions(sql, plan.sessions);
    await mergeContributions(sql, plan.contributions);
    return grown;
  }

  #remember(plan: AppendPlan): void {
    for (const [id, index] of plan.documents) this.#documents.set(id, index);
  }
}
