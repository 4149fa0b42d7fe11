import { readRoot } from "@koinon/merkle/hash-reader";
import type { TreeHasher } from "@koinon/merkle/tree-hasher";
import type { Database } from "@koinon/postgres/database";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import { createTileHashReader } from "@koinon/tlog/tile-reader";
import {
  checkpointOfSize,
  newestCheckpoint,
  newestCosigned,
  type PublishedCheckpoint,
} from "../store/checkpoint-store.ts";
import { createTileSource } from "../store/log-reading.ts";

/** What the log has published, as anchoring looks at it. */
export class LogHistory {
  readonly #database: Database;
  readonly #hasher: TreeHasher;
  readonly #witnessThreshold: number;

  constructor(
    /** Cosignatures that a checkpoint has to have before it is anchored: readers who ask for an anchor ask for these too. */
    options: { readonly witnessThreshold: number },
    dependencies: { readonly database: Database; readonly hasher: TreeHasher },
  ) {
    this.#witnessThreshold = options.witnessThreshold;
    this.#database = dependencies.database;
    this.#hasher = dependencies.hasher;
  }

  /** The newest checkpoint to anchor; undefined while there is none of a tree with entries. */
  candidate(): Promise<PublishedCheckpoint | undefined> {
    return newestCosigned(this.#database, 0n, this.#witnessThreshold);
  }

  checkpoint(size: bigint): Promise<PublishedCheckpoint | undefined> {
    return checkpointOfSize(this.#database, size);
  }

  /** The root that the published log has at a size; undefined when it is not that long. */
  async rootAt(size: bigint): Promise<Hex | undefined> {
    const newest = await newestCheckpoint(this.#database);
    if (newest === undefined || size > newest.size) return undefined;
    const reader = createTileHashReader(createTileSource(this.#database), size, this.#hasher);
    return bytesToHex(await readRoot(reader, size, this.#hasher));
  }
}
