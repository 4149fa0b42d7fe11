import type { Address } from "@koinon/secp256k1/address";
import type { PooledTransaction } from "./pooled-transaction.ts";

/** What the state says about a sender. */
export interface SenderAccount {
  /** The next nonce. */
  readonly nonce: bigint;
  /** Wei. */
  readonly balance: bigint;
  /** True when it has code: a delegation (EIP-7702), because no contract signs. */
  readonly hasCode: boolean;
}

/** What a change did to a sender's transactions. */
export interface QueueChange {
  /** Those that can go into a block now and could not before. */
  readonly promoted: readonly PooledTransaction[];
  /** Those that left. */
  readonly removed: readonly PooledTransaction[];
}

/** A sender's transactions as the pool shows them; it changes as the pool does. */
export type SenderView = Pick<
  SenderQueue,
  | "address"
  | "account"
  | "size"
  | "pendingSize"
  | "pendingCost"
  | "nextNonce"
  | "get"
  | "getPending"
  | "pendingEntries"
  | "queuedEntries"
>;

/** One sender's transactions by nonce. A prefix of them is pending: gapless from the account's nonce, and paid for. */
export class SenderQueue {
  readonly address: Address;
  account: SenderAccount;
  /** Position in the eviction heap where there is one, -1 outside. */
  heapIndex = -1;
  private readonly entries: PooledTransaction[] = [];
  private pending = 0;

  constructor(address: Address, account: SenderAccount) {
    this.address = address;
    this.account = account;
  }

  get size(): number {
    return this.entries.length;
  }

  get pendingSize(): number {
    return this.pending;
  }

  /** Wei that the pending ones may cost together. */
  get pendingCost(): bigint {
    return this.pending === 0 ? 0n : (this.entries[this.pending - 1] as PooledTransaction).cumulativeCost;
  }

  /** The nonce that would be pending next. */
  get nextNonce(): bigint {
    return this.account.nonce + BigInt(this.pending);
  }

  /** The one with the highest nonce. */
  get tail(): PooledTransaction | undefined {
    return this.entries.at(-1);
  }

  get(nonce: bigint): PooledTransaction | undefined {
    const entry = this.entries[this.position(nonce)];
    return entry?.nonce === nonce ? entry : undefined;
  }

  /** The pending one with this nonce. */
  getPending(nonce: bigint): PooledTransaction | undefined {
    const offset = nonce - this.account.nonce;
    return offset >= 0n && offset < BigInt(this.pending) ? this.entries[Number(offset)] : undefined;
  }

  pendingEntries(): readonly PooledTransaction[] {
    return this.entries.slice(0, this.pending);
  }

  queuedEntries(): readonly PooledTransaction[] {
    return this.entries.slice(this.pending);
  }

  /** The transaction before whose floors bound those of one with this nonce. */
  before(nonce: bigint): PooledTransaction | undefined {
    return this.entries[this.position(nonce) - 1];
  }

  /** Puts a transaction at its nonce, in place of one that is there. */
  put(entry: PooledTransaction): QueueChange {
    const position = this.position(entry.nonce);
    const old = this.entries[position];
    if (old?.nonce === entry.nonce) {
      this.entries[position] = entry;
      old.isPending = false;
      return { promoted: this.settle(position), removed: [old] };
    }
    if (old === undefined) this.entries.push(entry);
    else this.entries.splice(position, 0, entry);
    return { promoted: this.settle(position), removed: [] };
  }

  /** Takes the transaction with the highest nonce out. */
  takeTail(): PooledTransaction | undefined {
    const entry = this.entries.pop();
    if (entry !== undefined) {
      this.pending = Math.min(this.pending, this.entries.length);
      entry.isPending = false;
    }
    return entry;
  }

  /** Drops the transactions that do not pass; those behind them stay, queued. */
  keep(passes: (entry: PooledTransaction) => boolean): QueueChange {
    const first = this.entries.findIndex((entry) => !passes(entry));
    if (first === -1) return { promoted: [], removed: [] };
    const rest = this.entries.splice(first);
    const removed: PooledTransaction[] = [];
    for (const entry of rest) {
      if (passes(entry)) this.entries.push(entry);
      else removed.push(entry);
    }
    for (const entry of removed) entry.isPending = false;
    return { promoted: this.settle(first), removed };
  }

  /** Takes over what a new state says: used nonces leave, as does what the sender can not pay alone. */
  update(account: SenderAccount): QueueChange {
    this.account = account;
    const removed: PooledTransaction[] = [];
    let kept = 0;
    for (const entry of this.entries) {
      if (entry.nonce >= account.nonce && entry.cost <= account.balance) this.entries[kept++] = entry;
      else removed.push(entry);
    }
    this.entries.length = kept;
    for (const entry of removed) entry.isPending = false;
    return { promoted: this.settle(0), removed };
  }

  /** Works out floors, and what is pending, from a position on; gives those that became pending. */
  private settle(from: number): PooledTransaction[] {
    const promoted: PooledTransaction[] = [];
    const { nonce, balance } = this.account;
    let isPending = from === 0 || (this.entries[from - 1] as PooledTransaction).isPending;
    let pending = isPending ? from : this.pending;
    for (let index = from; index < this.entries.length; index++) {
      const entry = this.entries[index] as PooledTransaction;
      const before = this.entries[index - 1];
      const feeFloor = before !== undefined && before.feeFloor < entry.maxFee ? before.feeFloor : entry.maxFee;
      const tipFloor = before !== undefined && before.tipFloor < entry.maxTip ? before.tipFloor : entry.maxTip;
      const isSame = entry.feeFloor === feeFloor && entry.tipFloor === tipFloor;
      // Not pending before and after, and worth what it was: nothing changes for those behind it either.
      if (index > from && !isPending && !entry.isPending && isSame) break;
      entry.feeFloor = feeFloor;
      entry.tipFloor = tipFloor;
      if (isPending) {
        entry.cumulativeCost = before === undefined ? entry.cost : before.cumulativeCost + entry.cost;
        isPending = entry.nonce === nonce + BigInt(index) && entry.cumulativeCost <= balance;
        if (isPending) pending = index + 1;
      }
      if (isPending && !entry.isPending) promoted.push(entry);
      entry.isPending = isPending;
    }
    this.pending = pending;
    return promoted;
  }

  /** Index of the first entry whose nonce is not lower. */
  private position(nonce: bigint): number {
    const last = this.entries.at(-1);
    if (last === undefined || last.nonce < nonce) return this.entries.length;
    let low = 0;
    let high = this.entries.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.entries[middle] as PooledTransaction).nonce < nonce) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
