import { setTimeout as delay } from "node:timers/promises";
import { invariant } from "@koinon/errors/invariant";
import { createConsistencyProof } from "@koinon/merkle/consistency";
import { createInclusionProof } from "@koinon/merkle/inclusion";
import type { TreeHasher } from "@koinon/merkle/tree-hasher";
import type { Database } from "@koinon/postgres/database";
import { decodeLogEntry } from "@koinon/receipts/log-entry";
import { hexToBytes } from "@koinon/secp256k1/hex";
import { createTileHashReader } from "@koinon/tlog/tile-reader";
import type { AnchorLookup, AnchorWish, LinkedAnchor } from "../anchor/anchor-lookup.ts";
import { PoiError } from "../errors.ts";
import { checkpointOfSize, newestCosigned, type PublishedCheckpoint } from "../store/checkpoint-store.ts";
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
  /** Of the checkpoint; undefined unless one was asked for and there is one. */
  readonly anchor: LinkedAnchor | undefined;
}

/** What is asked for besides the receipt. */
export interface ReceiptProofOptions {
  /** Longest wait, milliseconds. */
  readonly waitMs: number;
  readonly anchor: AnchorWish | undefined;
}

interface ProofHead {
  readonly checkpoint: PublishedCheckpoint;
  readonly anchor: LinkedAnchor | undefined;
}

/** Makes proofs from what is published. */
export class LogProofs {
  readonly #witnessThreshold: number;
  readonly #database: Database;
  readonly #published: PublishedLog;
  readonly #hasher: TreeHasher;
  readonly #anchors: Pick<AnchorLookup, "find"> | undefined;

  constructor(
    /** Cosignatures that a checkpoint should have before it is used for a receipt; waiting for them is bounded like any waiting. */
    options: { witnessThreshold: number },
    dependencies: {
      readonly database: Database;
      readonly published: PublishedLog;
      readonly hasher: TreeHasher;
      /** Undefined where nothing is anchored. */
      readonly anchors: Pick<AnchorLookup, "find"> | undefined;
    },
  ) {
    this.#witnessThreshold = options.witnessThreshold;
    this.#database = dependencies.database;
    this.#published = dependencies.published;
    this.#hasher = dependencies.hasher;
    this.#anchors = dependencies.anchors;
  }

  /**
   * Proves a receipt by its id, waiting at most `waitMs` until a checkpoint covers it (and enough witnesses cosigned it, and it is
   * anchored, where that is required). Throws RECEIPT_NOT_LOGGED, RECEIPT_REFUSED, CHECKPOINT_PENDING, ANCHOR_PENDING or
   * ANCHORING_OFF.
   */
  async proveReceipt(
    id: Uint8Array,
    { waitMs, anchor: wish }: ReceiptProofOptions,
    signal: AbortSignal,
  ): Promise<ReceiptProof> {
    if (wish?.required === true && this.#anchors === undefined) throw new PoiError({ code: "ANCHORING_OFF" });
    const over = AbortSignal.any([signal, AbortSignal.timeout(waitMs)]);
    for (;;) {
      const isLastLook = over.aborted;
      const changed = this.#published.nextChange();
      const receipt = await findReceipt(this.#database, id);
      const head = receipt && (await this.#headAbove(receipt.index, { wish, isLastLook, signal }));
      if (receipt !== undefined && head !== undefined) return await this.#prove(receipt, head);
      if (isLastLook) {
        signal.throwIfAborted();
        throw await this.#faultOf(id, receipt, wish);
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

  async #prove(receipt: LoggedReceipt, { checkpoint, anchor }: ProofHead): Promise<ReceiptProof> {
    const before = await this.#previousOf(receipt);
    const inclusion = await this.#include(receipt, checkpoint);
    const previous = before && {
      entry: before.content,
      certificateEntry: before.certificateContent,
      inclusion: await this.#include(before, checkpoint),
    };
    return { checkpoint, inclusion, previous, anchor };
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

  /** An anchored checkpoint where one is asked for and there; otherwise, unless it is required, the one to use without. */
  async #headAbove(
    index: bigint,
    { wish, isLastLook, signal }: { wish: AnchorWish | undefined; isLastLook: boolean; signal: AbortSignal },
  ): Promise<ProofHead | undefined> {
    const anchor = wish && (await this.#anchors?.find(index, wish, signal));
    const anchored = anchor && (await checkpointOfSize(this.#database, anchor.anchor.size));
    if (anchored !== undefined) return { checkpoint: anchored, anchor };
    if (wish?.required === true) return undefined;
    const checkpoint = await this.#checkpointAbove(index, isLastLook);
    return checkpoint && { checkpoint, anchor: undefined };
  }

  /** The checkpoint to use for a leaf: the newest, or, where witnesses are asked for, the newest with enough of them while there is time. */
  async #checkpointAbove(index: bigint, isLastLook: boolean): Promise<PublishedCheckpoint | undefined> {
    const { current } = this.#published;
    if (current === undefined || current.size <= index) return undefined;
    if (current.witnesses >= this.#witnessThreshold) return current;
    const cosigned = await newestCosigned(this.#database, index, this.#witnessThreshold);
    return cosigned ?? (isLastLook ? current : undefined);
  }

  async #faultOf(id: Uint8Array, receipt: LoggedReceipt | undefined, wish: AnchorWish | undefined): Promise<PoiError> {
    if (receipt !== undefined && wish?.required === true && (this.#published.current?.size ?? 0n) > receipt.index)
      return new PoiError({ code: "ANCHOR_PENDING", index: receipt.index });
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
