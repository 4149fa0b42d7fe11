import { Fifo } from "./fifo.ts";
import { IngestError } from "./ingest-error.ts";

/** How much may be inside, and how many may wait for room. */
export interface AdmissionLimits {
  readonly transactionsMax: number;
  readonly bytesMax: number;
  readonly waitersMax: number;
}

interface Waiter {
  readonly transactions: number;
  readonly bytes: number;
  /** Undefined once the waiter has given up. */
  admit: (() => void) | undefined;
  readonly refuse: (error: unknown) => void;
}

/** Room for transactions by number and bytes: who finds none waits in turn, and is turned away when too many wait. */
export class Admission {
  private readonly limits: AdmissionLimits;
  private readonly waiters = new Fifo<Waiter>();
  private waiting = 0;
  private transactions = 0;
  private bytes = 0;
  private isClosed = false;

  constructor(limits: AdmissionLimits) {
    this.limits = limits;
  }

  /** What is inside, and how many wait. */
  occupancy(): { transactions: number; bytes: number; waiting: number } {
    return { transactions: this.transactions, bytes: this.bytes, waiting: this.waiting };
  }

  /** Resolves when there is room; throws IngestError `INGEST_OVERLOADED`, `INGEST_BATCH_TOO_LARGE` or `INGEST_CLOSED`, or the signal's reason. */
  async enter(transactions: number, bytes: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.isClosed) throw new IngestError({ code: "INGEST_CLOSED" });
    if (transactions > this.limits.transactionsMax || bytes > this.limits.bytesMax) {
      throw new IngestError({ code: "INGEST_BATCH_TOO_LARGE", transactions, bytes });
    }
    if (this.waiting === 0 && this.hasRoom(transactions, bytes)) {
      this.take(transactions, bytes);
      return;
    }
    if (this.waiting >= this.limits.waitersMax) {
      throw new IngestError({ code: "INGEST_OVERLOADED", waiting: this.waiting });
    }
    await this.wait(transactions, bytes, signal);
  }

  /** Gives room back. */
  leave(transactions: number, bytes: number): void {
    this.transactions -= transactions;
    this.bytes -= bytes;
    this.admitWaiters();
  }

  /** Turns everybody away who waits or comes. */
  close(): void {
    this.isClosed = true;
    for (let waiter = this.waiters.shift(); waiter !== undefined; waiter = this.waiters.shift()) {
      waiter.refuse(new IngestError({ code: "INGEST_CLOSED" }));
    }
    this.waiting = 0;
  }

  private async wait(transactions: number, bytes: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter: Waiter = { transactions, bytes, admit: resolve, refuse: reject };
    const giveUp = (): void => {
      if (waiter.admit === undefined) return;
      waiter.admit = undefined;
      this.waiting--;
      reject(signal.reason);
      this.admitWaiters();
    };
    this.waiters.push(waiter);
    this.waiting++;
    signal.addEventListener("abort", giveUp, { once: true });
    try {
      await promise;
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  }

  private admitWaiters(): void {
    for (let waiter = this.waiters.peek(); waiter !== undefined; waiter = this.waiters.peek()) {
      if (waiter.admit !== undefined) {
        if (!this.hasRoom(waiter.transactions, waiter.bytes)) return;
        this.take(waiter.transactions, waiter.bytes);
        waiter.admit();
        waiter.admit = undefined;
        this.waiting--;
      }
      this.waiters.shift();
    }
  }

  private hasRoom(transactions: number, bytes: number): boolean {
    const { transactionsMax, bytesMax } = this.limits;
    return this.transactions + transactions <= transactionsMax && this.bytes + bytes <= bytesMax;
  }

  private take(transactions: number, bytes: number): void {
    this.transactions += transactions;
    this.bytes += bytes;
  }
}
