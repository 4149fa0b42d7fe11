import { isNodeKey, nodeDepth, type StateKey } from "./state-key.ts";
import type { StateDelta } from "./state-source.ts";
import { TwoGenerationCache } from "./two-generation-cache.ts";

/** What is remembered for an entry that does not exist. */
const absent = new Uint8Array(0);

/** Rough cost of an entry in memory beside its bytes: the key, the array and its place in the map. */
const entryOverheadBytes = 250;

/** Depth of the trie nodes that are kept; below, keeping up with every block costs as much as reading the database. */
const nodeDepthMax = 2;

/** Entries of the state after the head, kept in step with it; bounded by the memory that they take. */
export class EntryCache {
  readonly #entries: TwoGenerationCache<Uint8Array>;

  constructor(sizeBytes: number) {
    this.#entries = new TwoGenerationCache(sizeBytes, (value) => value.length + entryOverheadBytes);
  }

  // Values are copied, since those that come in are often cut from larger pieces of memory.

  /** The entry from the cache, or from `read`, whose answer is remembered. */
  get(key: StateKey, read: () => Uint8Array | undefined): Uint8Array | undefined {
    if (!isKept(key)) return read();
    const cached = this.#entries.get(key);
    if (cached !== undefined) return cached === absent ? undefined : cached;
    const value = read();
    this.#entries.set(key, value?.slice() ?? absent);
    return value;
  }

  /** Takes over what a block changed. */
  apply(delta: StateDelta): void {
    for (const [key, { after }] of delta) if (isKept(key)) this.#entries.set(key, after?.slice() ?? absent);
  }

  clear(): void {
    this.#entries.clear();
  }
}

function isKept(key: StateKey): boolean {
  return !isNodeKey(key) || nodeDepth(key) <= nodeDepthMax;
}
