import { hexToBytes } from "@koinon/secp256k1/hex";
import type { Steps } from "@koinon/trie/steps";
import type { BlockHistory } from "./block-history.ts";
import { blockNumberBytes } from "./block-number.ts";
import { type CommittedBlock, encodeBlock } from "./block-record.ts";
import type { Candidate } from "./candidate.ts";
import { emptyState } from "./committed-state.ts";
import type { ChangedEntry } from "./history-record.ts";
import { encodeFormat, metaKeys, tables } from "./layout.ts";
import { isNodeKey, type StateKey } from "./state-key.ts";
import { WriteBatch } from "./write-batch.ts";

/** What is on disk when a block or a revert is put together. */
export interface ChainOnDisk {
  readonly history: BlockHistory;
  readonly head: CommittedBlock | undefined;
  /** Number of the oldest block whose state can be read. */
  readonly oldest: bigint;
  block(number: bigint): CommittedBlock | undefined;
}

/** History that became too old is removed a few blocks at a time, so that lowering `historyBlocks` makes no giant transaction. */
const prunedPerCommit = 4;

/** How many changed entries are put together in a step. */
const entriesPerStep = 1_024;

/** Puts together what a commit or a revert writes to the tables of the store itself. */
export class BlockWrites {
  readonly #isArchive: boolean;
  readonly #historyBlocks: bigint;
  readonly #chain: ChainOnDisk;
  /** What `oldest` will be when the commits under way are done. */
  #prunedUpTo: bigint | undefined;

  constructor({ isArchive, historyBlocks }: { isArchive: boolean; historyBlocks: number }, chain: ChainOnDisk) {
    this.#isArchive = isArchive;
    this.#historyBlocks = BigInt(historyBlocks);
    this.#chain = chain;
  }

  /** A block behind the one that was put together last: its entries, its history, and the end of history that is too old. */
  *commit(candidate: Candidate, block: CommittedBlock): Steps<WriteBatch> {
    const number = blockNumberBytes(block.number);
    const encoded = encodeBlock(block);
    const batch = new WriteBatch();
    const changed: ChangedEntry[] = [];
    for (const [name, { before, after, path }] of candidate.delta) {
      const { piece, start, end } = batch.putEntry(tables.state, name, after, path);
      changed.push({ piece, start, end, isNode: isNodeKey(name), before, after });
      if (changed.length % entriesPerStep === 0) yield;
    }
    for (const [hash, code] of candidate.deployedCode) batch.put(tables.code, hexToBytes(hash), code);
    batch.put(tables.blocks, number, encoded);
    batch.put(tables.numbers, hexToBytes(block.hash), number);
    batch.put(tables.meta, metaKeys.head, encoded);
    if (candidate.parent === emptyState) {
      batch.put(tables.meta, metaKeys.format, encodeFormat(this.#isArchive));
      batch.put(tables.meta, metaKeys.oldest, number);
    } else {
      yield* this.#chain.history.add(block.number, changed, batch);
      if (!this.#isArchive) this.#prune(block.number, batch);
    }
    return batch;
  }

  /** Every entry as it was after `target`, and no block behind it. */
  revert(target: CommittedBlock, head: CommittedBlock): WriteBatch {
    const { history } = this.#chain;
    const batch = new WriteBatch();
    const restored = new Set<StateKey>();
    for (let number = target.number + 1n; number <= head.number; number++) {
      for (const key of history.keysChangedIn(number)) {
        if (restored.has(key)) continue;
        restored.add(key);
        batch.putEntry(tables.state, key, history.valueAt(target.number, head.number, key));
      }
    }
    for (let number = target.number + 1n; number <= head.number; number++) {
      history.remove(number, batch);
      this.#removeBlock(number, batch);
    }
    batch.put(tables.meta, metaKeys.head, encodeBlock(target));
    return batch;
  }

  #prune(head: bigint, batch: WriteBatch): void {
    const oldest = this.#prunedUpTo ?? this.#chain.oldest;
    let next = oldest;
    // History of blocks whose commit is under way can not be read yet.
    const durable = this.#chain.head?.number ?? 0n;
    const limit = oldest + BigInt(prunedPerCommit);
    for (; next + this.#historyBlocks < head && next < durable && next < limit; next++) {
      // The state after `next` needs the history of the block behind it, which is what goes.
      this.#chain.history.remove(next + 1n, batch);
      this.#removeBlock(next, batch);
    }
    if (next === oldest) return;
    batch.put(tables.meta, metaKeys.oldest, blockNumberBytes(next));
    this.#prunedUpTo = next;
  }

  #removeBlock(number: bigint, batch: WriteBatch): void {
    const block = this.#chain.block(number);
    if (block === undefined) return;
    batch.remove(tables.blocks, blockNumberBytes(number));
    batch.remove(tables.numbers, hexToBytes(block.hash));
  }
}
