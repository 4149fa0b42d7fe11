import type { StateChanges, StateReader } from "@koinon/ethereum/state-access";
import type { Address } from "@koinon/secp256k1/address";
import { type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import { atOnce, type Steps } from "@koinon/trie/steps";
import { TrieError } from "@koinon/trie/trie-error";
import { type AccountProof, proveAccount } from "./account-proof.ts";
import { emptyStorageRoot } from "./account-record.ts";
import { applyChanges } from "./apply-changes.ts";
import { BlockHistory } from "./block-history.ts";
import { blockNumberBytes, readBlockNumber } from "./block-number.ts";
import { type BlockId, type CommittedBlock, decodeBlock } from "./block-record.ts";
import { BlockWrites } from "./block-writes.ts";
import { Candidate } from "./candidate.ts";
import { CommittedState, type CommittedStates, emptyState } from "./committed-state.ts";
import { Database } from "./database.ts";
import { messageOf } from "./database-view.ts";
import { EntryCache } from "./entry-cache.ts";
import { metaKeys, stateFormat, tables, userTablePrefix } from "./layout.ts";
import { formatWithLeaves, migrateLeaves } from "./migrate-leaves.ts";
import { exportSnapshot } from "./snapshot-export.ts";
import { SourceReader } from "./source-reader.ts";
import { StateError } from "./state-error.ts";
import { isSlotKey, keyFromBytes, keyToBytes, type StateKey, slotRange } from "./state-key.ts";
import type { StateSource } from "./state-source.ts";
import { type TableReader, type TableWriter, UserTables } from "./user-tables.ts";
import { type VerifiedState, verifyState, type WholeState } from "./verify.ts";
import type { WriteBatch } from "./write-batch.ts";

/** How a store is opened. */
export interface StateOptions {
  /** Folder of the database; made when it is not there. */
  readonly path: string;
  /** Names of the tables that the user of the store keeps beside the state. */
  readonly tables?: readonly string[];
  /** How many blocks before the head stay readable and can be reverted; 256 by default. */
  readonly historyBlocks?: number;
  /** Keeps the history of all blocks, indexed; chosen once, when the store is made. */
  readonly archive?: boolean;
  /** Memory for entries of the last state; 128 MiB by default. */
  readonly cacheBytes?: number;
  /** Follows a store that another thread or process writes: everything is read within `reading`, nothing is written. */
  readonly readOnly?: boolean;
}

/** What else is written with a block or a revert, in the same transaction. */
export interface WriteExtras {
  readonly write?: (tables: TableWriter) => void;
}

/** Carries out steps, with pauses between them. */
export type StepRunner = <T>(steps: Steps<T>) => Promise<T>;

/** What a commit may be told. */
export interface CommitExtras extends WriteExtras {
  /** Puts together what is written; without a pause when it is left out. */
  readonly carryOut?: StepRunner;
}

interface PendingBlock {
  readonly candidate: Candidate;
  readonly block: CommittedBlock;
}

/** Accounts, storage and code of a chain, with the tries over them, on disk. One process opens a store at a time. */
export class StateStore implements CommittedStates {
  readonly history: BlockHistory;
  readonly #database: Database;
  readonly #userTables: UserTables;
  readonly #cache: EntryCache;
  readonly #blocks: BlockWrites;
  readonly #pending: PendingBlock[] = [];
  /** Settles when what the last commit writes is put together. */
  #lastBatch: Promise<void> = Promise.resolve();
  #lastWrite: Promise<void> = Promise.resolve();
  #head: CommittedBlock | undefined;
  #oldest = 0n;
  #reverts = 0;
  #stopped: StateError | undefined;

  /** Opens or makes a store; throws StateError `STATE_FORMAT_UNSUPPORTED`, `ARCHIVE_MISMATCH` or `STATE_CORRUPT`. */
  constructor(options: StateOptions) {
    const userTables = (options.tables ?? []).map((name) => userTablePrefix + name);
    const { readOnly = false } = options;
    this.#database = new Database(options.path, [...Object.values(tables), ...userTables], { readOnly });
    this.#userTables = new UserTables(this.#database, options.tables ?? []);
    const isArchive = options.archive ?? false;
    this.history = new BlockHistory(this.#database, { isArchive });
    this.#cache = new EntryCache(options.cacheBytes ?? 128 * 2 ** 20);
    this.#blocks = new BlockWrites({ isArchive, historyBlocks: options.historyBlocks ?? 256 }, this);
    try {
      if (isToMigrate(this.#database.get(tables.meta, metaKeys.format), options)) migrateLeaves(this.#database);
      checkFormat(this.#database.get(tables.meta, metaKeys.format), isArchive);
      this.#loadHead();
    } catch (error) {
      this.#database.abandon();
      throw error;
    }
    if (!readOnly) return;
    this.#stopped = new StateError({ code: "STATE_READ_ONLY" });
    this.#database.rest();
  }

  /** The last block on disk, undefined in an empty store. */
  get head(): CommittedBlock | undefined {
    return this.#head;
  }

  /** Number of the oldest block whose state can be read. */
  get oldest(): bigint {
    return this.#oldest;
  }

  get reverts(): number {
    return this.#reverts;
  }

  /** The block by number or hash, undefined when it is not on disk or too old to be read. */
  block(block: bigint | Hex): CommittedBlock | undefined {
    const number = typeof block === "bigint" ? block : this.#numberOf(block);
    if (number === undefined || number < 0n) return undefined;
    const bytes = this.#database.get(tables.blocks, blockNumberBytes(number));
    return bytes === undefined ? undefined : decodeBlock(bytes);
  }

  /** The state after a block; throws StateError `BLOCK_UNKNOWN`, or `HISTORY_PRUNED` also later, when the block grows too old. */
  at(block: bigint | Hex): StateReader {
    return new SourceReader(this.source(block));
  }

  /** The state after a block, or before the first one, entry by entry; throws like `at`. */
  source(block: bigint | Hex | undefined): StateSource {
    if (block === undefined) return emptyState;
    const committed = this.block(block);
    if (committed !== undefined) return new CommittedState(committed, this);
    if (typeof block === "bigint" && block >= 0n && block < this.#oldest) {
      throw new StateError({ code: "HISTORY_PRUNED", block, oldest: this.#oldest });
    }
    throw new StateError({ code: "BLOCK_UNKNOWN", block: String(block) });
  }

  /** Proves an account and slots after a block, the head if none is named; throws like `at`. */
  proof(address: Address, slots: readonly bigint[], block: bigint | Hex | undefined = this.#head?.hash): AccountProof {
    const source = this.source(block);
    try {
      return proveAccount(source, address, slots);
    } catch (error) {
      throw this.#stopWhenCorrupt(error);
    }
  }

  /**
   * The state that changes make of a parent: a committed block by hash, another candidate, or undefined for a chain's first
   * block. Synchronous, stores nothing; throws StateError `CHANGES_INVALID`, `STATE_CORRUPT` and those of `at`.
   */
  prepare(parent: Hex | Candidate | undefined, changes: StateChanges): Candidate {
    return atOnce(this.prepareInSteps(parent, changes));
  }

  /** Like `prepare`, in steps of a few milliseconds; blocks may be committed between them, the parent among them, none reverted. */
  *prepareInSteps(parent: Hex | Candidate | undefined, changes: StateChanges): Steps<Candidate> {
    const source = parent instanceof Candidate ? parent : this.source(parent);
    try {
      const { root, delta } = yield* applyChanges(source, changes);
      return new Candidate(source, root, delta, changes.code);
    } catch (error) {
      throw this.#stopWhenCorrupt(error);
    }
  }

  /**
   * Makes a candidate the head, atomically and durably, together with what `write` adds. Its parent must be the head, or the
   * block whose commit was called last. Rejects with StateError `CANDIDATE_STALE`, `STATE_STOPPED` or `STATE_WRITE_FAILED`; in
   * the last case nothing of the block is on disk and the store takes no more blocks.
   */
  async commit(candidate: Candidate, id: BlockId, extras: CommitExtras = {}): Promise<CommittedBlock> {
    this.#checkRunning();
    this.#checkSuccessor(candidate, id);
    const block: CommittedBlock = { ...id, root: candidate.root };
    const extraWrites = this.#userTables.collect(extras.write);
    candidate.markPending(block);
    this.#pending.push({ candidate, block });
    const { carryOut = withoutPause } = extras;
    const batch = this.#lastBatch.then(() => carryOut(this.#blockWrites(candidate, block, extraWrites)));
    this.#lastBatch = batch.then(noMatter, noMatter);
    await this.#write(batch);
    return block;
  }

  /**
   * Takes the head back to an earlier block, restoring every entry, in one transaction. Rejects with StateError
   * `REVERT_TOO_DEEP`, `BLOCK_UNKNOWN`, or like `commit`; no commit may be under way.
   */
  async revert(to: bigint | Hex, extras: WriteExtras = {}): Promise<CommittedBlock> {
    this.#checkRunning();
    const head = this.#head;
    const target = this.block(to);
    if (head === undefined || target === undefined) throw new StateError({ code: "BLOCK_UNKNOWN", block: String(to) });
    if (this.#pending.length > 0) throw new StateError({ code: "CANDIDATE_STALE", reason: "parent-not-committed" });
    if (target.number < this.#oldest) {
      throw new StateError({ code: "REVERT_TOO_DEEP", block: target.number, oldest: this.#oldest });
    }
    const extraWrites = this.#userTables.collect(extras.write);
    const batch = this.#blocks.revert(target, head);
    batch.append(extraWrites);
    await this.#write(batch);
    return target;
  }

  /** Writes to the user's tables alone, atomically and durably; ordered with commits as it was called. */
  async write(write: (tables: TableWriter) => void): Promise<void> {
    this.#checkRunning();
    await this.#write(this.#userTables.collect(write));
  }

  /** Reads one of the user's tables as it is after the head. */
  table(name: string): TableReader {
    return this.#userTables.reader(name);
  }

  /**
   * Reads the whole state after the head and checks it against its root; synchronous, some 25 seconds per million accounts.
   * Throws StateError `STATE_CORRUPT`.
   */
  verify(): VerifiedState {
    const whole: WholeState = {
      entries: () => this.#entries(),
      slotsOf: (address) => this.#entries(address),
      get: (key) => this.#database.get(tables.state, keyToBytes(key)),
    };
    try {
      return verifyState(whole, this.#head?.root ?? emptyStorageRoot);
    } catch (error) {
      throw this.#stopWhenCorrupt(error);
    }
  }

  /**
   * The state after the head and the named tables as a checksummed stream for `importSnapshot`, as they are at the call; blocks
   * may be committed while it is read. Read it to its end or return it: until then pages of this state are not used anew.
   */
  exportSnapshot(userTables: readonly string[] = []): AsyncGenerator<Uint8Array> {
    for (const name of userTables) this.#userTables.reader(name);
    return exportSnapshot(this.#database.view(), userTables);
  }

  /** Runs reads in a store that is `readOnly`, one after the other, each on what is on disk when it begins. */
  async reading<T>(read: () => Promise<T>): Promise<T> {
    this.#database.refresh();
    try {
      this.#follow();
      return await read();
    } finally {
      this.#database.rest();
    }
  }

  /** Waits for commits under way and closes the database. */
  async close(): Promise<void> {
    await this.#lastWrite;
    this.#stopped = new StateError({ code: "STATE_CLOSED" });
    await this.#database.close();
  }

  current(key: StateKey): Uint8Array | undefined {
    return this.#cache.get(key, () => this.#database.get(tables.state, keyToBytes(key)));
  }

  currentSlotKeys(address: Address): Set<StateKey> {
    const keys = new Set<StateKey>();
    for (const [key] of this.#entries(address)) keys.add(key);
    return keys;
  }

  storedCode(codeHash: string): Uint8Array | undefined {
    return this.#database.get(tables.code, hexToBytes(codeHash));
  }

  isCommitted(block: CommittedBlock): boolean {
    return this.block(block.number)?.hash === block.hash;
  }

  /** The entries of the last state, all or the slots of one account. */
  *#entries(slotsOf?: StateKey): Generator<readonly [StateKey, Uint8Array]> {
    const range = slotsOf === undefined ? {} : slotRange(slotsOf);
    for (const { key, value } of this.#database.range(tables.state, range)) {
      const name = keyFromBytes(key);
      if (slotsOf === undefined || isSlotKey(name)) yield [name, value];
    }
  }

  #numberOf(hash: Hex): bigint | undefined {
    const bytes = this.#database.get(tables.numbers, hexToBytes(hash));
    return bytes === undefined ? undefined : readBlockNumber(bytes);
  }

  #loadHead(): void {
    const head = this.#database.get(tables.meta, metaKeys.head);
    const oldest = this.#database.get(tables.meta, metaKeys.oldest);
    this.#head = head === undefined ? undefined : decodeBlock(head);
    this.#oldest = oldest === undefined ? 0n : readBlockNumber(oldest);
  }

  /** Follows what is on disk, and lets candidates that are there now read from there. */
  #advance(): void {
    const previous = this.#head?.number ?? -1n;
    this.#database.refresh();
    this.#loadHead();
    const number = this.#head?.number ?? -1n;
    if (number < previous) {
      this.#cache.clear();
      this.#reverts++;
    }
    while (this.#pending[0] !== undefined && this.#pending[0].block.number <= number) {
      const { candidate, block } = this.#pending.shift() as PendingBlock;
      this.#cache.apply(candidate.delta);
      candidate.settle(new CommittedState(block, this));
    }
  }

  /** Lets go of what was remembered of a head that is none any more. */
  #follow(): void {
    const before = this.#head;
    this.#loadHead();
    if (before?.hash === this.#head?.hash) return;
    this.#cache.clear();
    if (before === undefined || this.isCommitted(before)) return;
    this.history.forget();
    this.#reverts++;
  }

  #checkRunning(): void {
    if (this.#stopped === undefined) return;
    if (this.#stopped.code === "STATE_CLOSED" || this.#stopped.code === "STATE_READ_ONLY") throw this.#stopped;
    throw new StateError({ code: "STATE_STOPPED", reason: this.#stopped.message }, { cause: this.#stopped });
  }

  #checkSuccessor(candidate: Candidate, { number, parentHash }: BlockId): void {
    const stale = (
      reason: "committed" | "discarded" | "parent-not-committed" | "parent-not-head" | "parent-hash" | "number",
    ) => new StateError({ code: "CANDIDATE_STALE", reason });
    if (candidate.stage === "discarded") throw stale("discarded");
    if (candidate.stage !== "open") throw stale("committed");
    const tip = this.#pending.at(-1)?.block ?? this.#head;
    const { parent } = candidate;
    if (parent === emptyState) {
      if (tip !== undefined) throw stale("parent-not-head");
      return;
    }
    const parentBlock = parent instanceof Candidate || parent instanceof CommittedState ? parent.block : undefined;
    if (parentBlock === undefined) throw stale("parent-not-committed");
    if (tip?.hash !== parentBlock.hash) throw stale("parent-not-head");
    if (parentHash !== tip.hash) throw stale("parent-hash");
    if (number !== tip.number + 1n) throw stale("number");
  }

  *#blockWrites(candidate: Candidate, block: CommittedBlock, extras: WriteBatch): Steps<WriteBatch> {
    const batch = yield* this.#blocks.commit(candidate, block);
    batch.append(extras);
    return batch;
  }

  /**
   * Writes when all earlier writes are on disk, and not at all when one of them failed: a later block must not be stored
   * without the one before it.
   */
  #write(batch: WriteBatch | Promise<WriteBatch>): Promise<void> {
    const write = this.#lastWrite.then(async () => {
      this.#checkRunning();
      try {
        await this.#database.write(await batch);
        this.#advance();
      } catch (error) {
        const fault = asWriteFault(error);
        this.#stopped ??= fault;
        throw fault;
      }
    });
    this.#lastWrite = write.catch(() => undefined);
    return write;
  }

  /** Damage that an update finds stops the store, so that nothing is built on it. */
  #stopWhenCorrupt(error: unknown): unknown {
    const damage = error instanceof TrieError ? corruptTrie(error) : error;
    if (damage instanceof StateError && damage.code === "STATE_CORRUPT") this.#stopped ??= damage;
    return damage;
  }
}

function noMatter(): void {}

async function withoutPause<T>(steps: Steps<T>): Promise<T> {
  return atOnce(steps);
}

function asWriteFault(error: unknown): StateError {
  if (error instanceof StateError) return error;
  return new StateError({ code: "STATE_WRITE_FAILED", reason: messageOf(error) }, { cause: error });
}

function corruptTrie(cause: TrieError): StateError {
  return new StateError({ code: "STATE_CORRUPT", where: "trie", reason: cause.message }, { cause });
}

/** An archive is not migrated, since that would cost its history; a reader leaves it to the writer. */
function isToMigrate(stored: Uint8Array | undefined, { readOnly = false, archive = false }: StateOptions): boolean {
  return stored?.[0] === formatWithLeaves && stored[1] === 0 && !readOnly && !archive;
}

function checkFormat(stored: Uint8Array | undefined, isArchive: boolean): void {
  if (stored === undefined) return;
  const [format, archive] = stored;
  if (format !== stateFormat) {
    const remedy = "export a snapshot with the release that wrote the folder, and import it into a new one";
    throw new StateError({ code: "STATE_FORMAT_UNSUPPORTED", format: format ?? 0, supported: stateFormat, remedy });
  }
  if ((archive === 1) !== isArchive) throw new StateError({ code: "ARCHIVE_MISMATCH", stored: archive === 1 });
}
