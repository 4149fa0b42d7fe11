import type { Address } from "@koinon/secp256k1/address";
import { type PooledTransaction, tipOf } from "./pooled-transaction.ts";
import type { SenderView } from "./sender-queue.ts";

interface Head {
  readonly queue: SenderView;
  readonly entry: PooledTransaction;
  /** Wei per gas. */
  readonly tip: bigint;
}

/**
 * The pending transactions in the order in which a block wants them: best effective tip first, each sender's by nonce, equals by
 * arrival. It looks at the pool as it goes: what leaves the pool meanwhile is not given, and what is replaced gives its replacement.
 */
export class Selection {
  private readonly baseFeePerGas: bigint;
  private readonly heads: Head[] = [];

  /** Starts with each sender's first; linear in the number of senders. */
  constructor(queues: Iterable<SenderView>, baseFeePerGas: bigint) {
    this.baseFeePerGas = baseFeePerGas;
    for (const queue of queues) {
      const head = this.headAt(queue, queue.account.nonce);
      if (head !== undefined) this.heads.push(head);
    }
    for (let index = (this.heads.length >> 1) - 1; index >= 0; index--) this.siftDown(index);
  }

  /** The best transaction; undefined when none is left. It stays until `accept` or `dismiss`. */
  peek(): PooledTransaction | undefined {
    for (let head = this.heads[0]; head !== undefined; head = this.heads[0]) {
      const { nonce } = head.entry;
      if (head.queue.getPending(nonce) === head.entry) return head.entry;
      this.replaceTop(this.headAt(head.queue, nonce));
    }
    return undefined;
  }

  /** Goes on behind the best transaction, which was taken: its sender's next one is in line. */
  accept(): void {
    const head = this.heads[0];
    if (head !== undefined) this.replaceTop(this.headAt(head.queue, head.entry.nonce + 1n));
  }

  /** Leaves the best transaction's sender out from here on, because it can not be executed, or does not fit. */
  dismiss(): void {
    this.replaceTop(undefined);
  }

  /** The sender of the best transaction. */
  sender(): Address | undefined {
    return this.heads[0]?.queue.address;
  }

  private headAt(queue: SenderView, nonce: bigint): Head | undefined {
    const entry = queue.getPending(nonce);
    if (entry === undefined) return undefined;
    const tip = tipOf(entry, this.baseFeePerGas);
    return tip < 0n ? undefined : { queue, entry, tip };
  }

  private replaceTop(head: Head | undefined): void {
    const last = this.heads.length - 1;
    if (last < 0) return;
    if (head !== undefined) this.heads[0] = head;
    else {
      this.heads[0] = this.heads[last] as Head;
      this.heads.pop();
    }
    this.siftDown(0);
  }

  private siftDown(start: number): void {
    for (let index = start; ; ) {
      const left = 2 * index + 1;
      if (left >= this.heads.length) return;
      const right = left + 1;
      const child = right < this.heads.length && this.goesBefore(right, left) ? right : left;
      if (!this.goesBefore(child, index)) return;
      const moved = this.heads[index] as Head;
      this.heads[index] = this.heads[child] as Head;
      this.heads[child] = moved;
      index = child;
    }
  }

  private goesBefore(left: number, right: number): boolean {
    const one = this.heads[left] as Head;
    const other = this.heads[right] as Head;
    return one.tip === other.tip ? one.entry.sequence < other.entry.sequence : one.tip > other.tip;
  }
}
