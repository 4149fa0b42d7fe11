import { tipWithin } from "@koinon/ethereum/transaction";
import type { SenderQueue } from "./sender-queue.ts";

/** What a transaction is worth keeping: pending before queued, then by what it would pay, then by age. */
export interface Worth {
  readonly isPending: boolean;
  /** What the beneficiary would get per gas for it and everything it has to come after, in wei; negative when nothing can. */
  readonly tip: bigint;
  readonly sequence: number;
}

/** True when `left` goes before `right`. */
export function isWorthLess(left: Worth, right: Worth): boolean {
  if (left.isPending !== right.isPending) return right.isPending;
  if (left.tip !== right.tip) return left.tip < right.tip;
  return left.sequence > right.sequence;
}

/** A sender's last transaction as the one to give up: dropping any other would leave a gap. */
export function tailWorth({ tail }: SenderQueue, baseFeePerGas: bigint): Worth {
  if (tail === undefined) return { isPending: false, tip: 0n, sequence: Number.POSITIVE_INFINITY };
  return { isPending: tail.isPending, tip: tipUnder(tail, baseFeePerGas), sequence: tail.sequence };
}

/** What the beneficiary gets per gas under a base fee from the worst of a transaction and those before it, in wei. */
export function tipUnder(floors: { feeFloor: bigint; tipFloor: bigint }, baseFeePerGas: bigint): bigint {
  return tipWithin(floors.feeFloor, floors.tipFloor, baseFeePerGas);
}

/** Senders, the one whose last transaction is worth least under a base fee on top. */
export class EvictionHeap {
  private readonly queues: SenderQueue[] = [];
  private readonly worths: Worth[] = [];
  private readonly baseFeePerGas: bigint;

  /** Begins with these senders, each of which has transactions; linear in their number. */
  constructor(queues: Iterable<SenderQueue>, baseFeePerGas: bigint) {
    this.baseFeePerGas = baseFeePerGas;
    for (const queue of queues) {
      queue.heapIndex = this.queues.push(queue) - 1;
      this.worths.push(tailWorth(queue, baseFeePerGas));
    }
    for (let index = (this.queues.length >> 1) - 1; index >= 0; index--) this.siftDown(index);
  }

  top(): SenderQueue | undefined {
    return this.queues[0];
  }

  /** The worth of what is on top. */
  topWorth(): Worth | undefined {
    return this.worths[0];
  }

  /** Puts a sender where its last transaction belongs, or out when it has none; to be called after each change to it. */
  update(queue: SenderQueue): void {
    if (queue.size === 0) {
      if (queue.heapIndex !== -1) this.remove(queue);
      return;
    }
    if (queue.heapIndex === -1) queue.heapIndex = this.queues.push(queue) - 1;
    this.worths[queue.heapIndex] = tailWorth(queue, this.baseFeePerGas);
    this.siftUp(queue.heapIndex);
    this.siftDown(queue.heapIndex);
  }

  private remove(queue: SenderQueue): void {
    const index = queue.heapIndex;
    const last = this.queues.length - 1;
    if (index !== last) this.swap(index, last);
    this.queues.pop();
    this.worths.pop();
    queue.heapIndex = -1;
    if (index !== last) {
      this.siftUp(index);
      this.siftDown(index);
    }
  }

  private siftUp(start: number): void {
    for (let index = start; index > 0; ) {
      const parent = (index - 1) >> 1;
      if (!this.isLess(index, parent)) return;
      this.swap(index, parent);
      index = parent;
    }
  }

  private siftDown(start: number): void {
    for (let index = start; ; ) {
      const left = 2 * index + 1;
      if (left >= this.queues.length) return;
      const right = left + 1;
      const child = right < this.queues.length && this.isLess(right, left) ? right : left;
      if (!this.isLess(child, index)) return;
      this.swap(index, child);
      index = child;
    }
  }

  private isLess(left: number, right: number): boolean {
    return isWorthLess(this.worths[left] as Worth, this.worths[right] as Worth);
  }

  private swap(left: number, right: number): void {
    const queue = this.queues[left] as SenderQueue;
    const worth = this.worths[left] as Worth;
    const other = this.queues[right] as SenderQueue;
    this.queues[left] = other;
    this.worths[left] = this.worths[right] as Worth;
    this.queues[right] = queue;
    this.worths[right] = worth;
    other.heapIndex = left;
    queue.heapIndex = right;
  }
}
