import type { Hex } from "@koinon/secp256k1/hex";
import type { DurabilityListener, UndoneBlock } from "../engine/canonical-chain.ts";
import type { ExecutedBlock } from "../executed-block.ts";

/** Undone blocks that are kept for subscribers who have not heard of it. */
const undoneMax = 64;

/** Wakes whoever follows the chain when it has changed on disk, and remembers what was undone. */
export class HeadSignal implements DurabilityListener {
  private readonly undone = new Map<Hex, UndoneBlock>();
  private next = Promise.withResolvers<void>();

  added(block: ExecutedBlock): void {
    this.undone.delete(block.hash);
    this.wake();
  }

  removed(block: UndoneBlock): void {
    this.undone.set(block.hash, block);
    for (const oldest of this.undone.keys()) {
      if (this.undone.size <= undoneMax) break;
      this.undone.delete(oldest);
    }
    this.wake();
  }

  undoneBlock(hash: Hex): UndoneBlock | undefined {
    return this.undone.get(hash);
  }

  /** Resolves at the next change. Take it before looking at the chain, or a change in between is missed. */
  change(): Promise<void> {
    return this.next.promise;
  }

  private wake(): void {
    const { resolve } = this.next;
    this.next = Promise.withResolvers<void>();
    resolve();
  }
}
