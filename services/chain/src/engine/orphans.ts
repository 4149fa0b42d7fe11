import type { Block } from "@koinon/ethereum/block";
import type { Hex } from "@koinon/secp256k1/hex";

/** Bounds of blocks that wait for their parent. */
export interface OrphanLimits {
  readonly orphansMax: number;
  /** Bytes of their transactions together. */
  readonly orphanBytesMax: number;
}

/** A block whose parent is not known, with what was said of it. */
export interface Orphan {
  readonly hash: Hex;
  readonly block: Block;
  /** See `ProposedPayload`; undefined for a block that did not come from consensus. */
  readonly blobVersionedHashes: readonly Hex[] | undefined;
}

/** Blocks that arrived before their parent; the ones that came first go when there are too many. */
export class Orphans {
  private readonly limits: OrphanLimits;
  private readonly waiting = new Map<Hex, Orphan & { readonly sizeBytes: number }>();
  private sizeBytes = 0;

  constructor(limits: OrphanLimits) {
    this.limits = limits;
  }

  get size(): number {
    return this.waiting.size;
  }

  /** Keeps a block, unless it alone is too large. */
  add(orphan: Orphan): void {
    const sizeBytes = orphan.block.transactions.reduce((sum, { length }) => sum + length, 0);
    if (this.waiting.has(orphan.hash) || sizeBytes > this.limits.orphanBytesMax) return;
    this.waiting.set(orphan.hash, { ...orphan, sizeBytes });
    this.sizeBytes += sizeBytes;
    for (const hash of this.waiting.keys()) {
      if (this.waiting.size <= this.limits.orphansMax && this.sizeBytes <= this.limits.orphanBytesMax) return;
      this.remove(hash);
    }
  }

  /** Takes out the blocks that wait for this one. */
  takeChildren(parentHash: Hex): readonly Orphan[] {
    const children = [...this.waiting.values()].filter(({ block }) => block.header.parentHash === parentHash);
    for (const { hash } of children) this.remove(hash);
    return children;
  }

  private remove(hash: Hex): void {
    this.sizeBytes -= this.waiting.get(hash)?.sizeBytes ?? 0;
    this.waiting.delete(hash);
  }
}
