import { setTimeout as delay } from "node:timers/promises";
import { invariant } from "@koinon/errors/invariant";
import { createConsistencyProof } from "@koinon/merkle/consistency";
import { createInclusionProof } from "@koinon/merkle/inclusion";
import type { TreeHasher } from "@koinon/merkle/tree-hasher";
import type { Database } from "@koinon/postgres/database";
import { decodeLogEntry } from "@koinon/receipts/log-entry";
import { hexToBytes } from "@koinon/secp256k1/hex";
import { createTileHashReader } from "@koinon/tlog/tile-reader";
import { PoiError } from "../errors.ts";
import { newestCosigned, type PublishedCheckpoint } from "../store/checkpoint-store.ts";
import { createTileSource, findReceipt, type LoggedReceipt } from "../store/log-reading.ts";
import { findRefusal } from "../store/refusal-store.ts";
import type { PublishedLog } from "./published-log.ts";

/** An audit path under a checkpoint. */
export interface InclusionProof {
  readonly index: bigint;
  readonly treeSize: bigint;
  readonly hashes: readonly Uint8Array[];
}

/** What proves that a receipt is in the log, and the one before it in its session. */
export interface ReceiptProof {
  readonly checkpoint: PublishedCheckpoint;
  readonly inclusion: InclusionProof;
  /** Undefined for the first receipt of a session. */
  readonly previous:
    | { readonly entry: Uint8Array; readonly certificateEntry: Uint8Array; readonly inclusion: InclusionProof }
    | undefined;
}

/** Makes proofs from what is published. */
export class LogProofs {
  readonly #witnessThreshold: number;
  readonly #database: Database;
  readonly #published: PublishedLog;
  readonly #hasher: TreeHasher;

  constructor(
    /** Cosignatures that a checkpoint should have before it is used for a receipt; waiting for them is bounded like any waiting. */
    options: { witnessThreshold: number },
    dependencies: { database: Database; published: PublishedLog; hasher: TreeHasher },
  ) {
    this.#witnessThreshold = options.witnessThreshold;
    this.#database = dependencies.database;
    this.#published = dependencies.published;
    this.#hasher = dependencies.hasher;
  }

  /**
   * Proves a receipt by its id, waiting at most `waitMs` until a checkpoint covers it (and enough witnesses cosigned it). Throws
   * RECEIPT_NOT_LOGGED, RECEIPT_REFUSED or CHECKPOINT_PENDING.
   */
  async proveReceipt(id: Uint8Array, waitMs: number, signal: AbortSignal): Promise<ReceiptProof> {
    const over = AbortSignal.any([signal, AbortSignal.timeout(waitMs)]);
    for (;;) {
      const isLastLook = over.aborted;
      const changed = this.#published.nextChange();
      const receipt = await findReceipt(this.#database, id);
      const checkpoint = receipt && (await this.#checkpointAbove(receipt.index, isLastLook));
      if (receipt !== undefined && checkpoint !== undefined) return await this.#prove(receipt, checkpoint);
      if (isLastLook) {
        signal.throwIfAborted();
        throw await this.#faultOf(id, receipt);
      }
      await untilEither(changed, over);
    }
  }

  /** Proves that the tree of size `second` (0: the published one) extends that of size `first`; throws TREE_SIZE_UNKNOWN. */
  async proveConsistency(first: bigint, second: bigint): Promise<{ second: bigint; hashes: readonly Uint8Array[] }> {
    const published = this.#published.current?.size ?? 0n;
    const to = second === 0n ? published : second;
    if (to > published) throw new PoiError({ code: "TREE_SIZE_UNKNOWN", size: to, published });
    if (first > to) throw new PoiError({ code: "TREE_SIZE_UNKNOWN", size: first, published: to });
    return { second: to, hashes: await createConsistencyProof(this.#reader(to), first, to, this.#hasher) };
  }

  async #prove(receipt: LoggedReceipt, checkpoint: PublishedCheckpoint): Promise<ReceiptProof> {
    const before = await this.#previousOf(receipt);
    const inclusion = await this.#include(receipt, checkpoint);
    const previous = before && {
      entry: before.content,
      certificateEntry: before.certificateContent,
      inclusion: await this.#include(before, checkpoint),
    };
    return { checkpoint, inclusion, previous };
  }

  async #include({ index }: LoggedReceipt, { size }: PublishedCheckpoint): Promise<InclusionProof> {
    return { index, treeSize: size, hashes: await createInclusionProof(this.#reader(size), index, size, this.#hasher) };
  }

  async #previousOf({ content }: LoggedReceipt): Promise<LoggedReceipt | undefined> {
    const entry = decodeLogEntry(content);
    if (entry.type !== "receipt" || entry.signed.document.sequence === 0n) return undefined;
    const before = await findReceipt(this.#database, hexToBytes(entry.signed.document.previous));
    invariant(before !== undefined, "a logged receipt's predecessor is logged before it");
    return before;
  }

  /** The checkpoint to use for a leaf: the newest, or, where witnesses are asked for, the newest with enough of them while there is time. */
  async #checkpointAbove(index: bigint, isLastLook: boolean): Promise<PublishedCheckpoint | undefined> {
    const { current } = this.#published;
    if (current === undefined || current.size <= index) return undefined;
    if (current.witnesses >= this.#witnessThreshold) return current;
    const cosigned = await newestCosigned(this.#database, index, this.#witnessThreshold);
    return cosigned ?? (isLastLook ? current : undefined);
  }

  async #faultOf(id: Uint8Array, receipt: LoggedReceipt | undefined): Promise<PoiError> {
    if (receipt !== undefined) return new PoiError({ code: "CHECKPOINT_PENDING", index: receipt.index });
    const reason = await findRefusal(this.#database, id);
    return new PoiError(reason === undefined ? { code: "RECEIPT_NOT_LOGGED" } : { code: "RECEIPT_REFUSED", reason });
  }

  #reader(treeSize: bigint) {
    return createTileHashReader(createTileSource(this.#database), treeSize, this.#hasher);
  }
}

async function untilEither(change: Promise<void>, over: AbortSignal): Promise<void> {
  const done = new AbortController();
  const forever = delay(2 ** 31 - 1, undefined, { signal: AbortSignal.any([over, done.signal]), ref: false });
  await Promise.race([change, forever.catch(() => undefined)]);
  done.abort();
}
