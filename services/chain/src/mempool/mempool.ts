import type { Authorization, EncodedTransaction, TransactionPayload } from "@koinon/ethereum/transaction";
import { decodePayload, payloadOf } from "@koinon/ethereum/transaction-decode";
import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";
import { type AdmissionPolicy, accountRejection, type NextBlock, policyRejection } from "./admission-rules.ts";
import { Delegations } from "./delegations.ts";
import { EvictionHeap, isWorthLess, tipUnder, type Worth } from "./eviction-heap.ts";
import { createPooledTransaction, outbids, type PooledTransaction } from "./pooled-transaction.ts";
import type { MempoolRejection } from "./rejection.ts";
import { Selection } from "./selection.ts";
import { type QueueChange, type SenderAccount, SenderQueue, type SenderView } from "./sender-queue.ts";

/** Bounds and rules of the pool. */
export interface MempoolOptions extends AdmissionPolicy {
  /** Transactions in the pool. */
  readonly transactionsMax: number;
  /** Bytes of all transactions in the pool. */
  readonly bytesMax: number;
  /** Transactions of one sender. */
  readonly senderTransactionsMax: number;
  /** Transactions of one sender that can not go into a block yet. */
  readonly senderQueuedMax: number;
  /** By how many percent both fees of a replacement must be higher. */
  readonly priceBumpPercent: number;
  /** How long a transaction may wait without being pending. */
  readonly queuedLifetimeMs: number;
}

/** What the pool needs from outside. */
export interface MempoolDependencies {
  readonly clock: { now(): number };
  /** An account at the head of the chain; what it says changes only together with a call of `advance`. */
  account(address: Address): SenderAccount;
  /** Who gave an EIP-7702 authorization; undefined when its signature is not valid. */
  recoverAuthority(authorization: Authorization): Address | undefined;
}

/** Why a transaction left the pool. */
export type RemovalReason = "used-nonce-or-funds" | "replaced" | "evicted" | "expired" | "rules-changed" | "withdrawn";

/** What a submission came to. */
export type AddOutcome =
  | { readonly isPending: boolean; readonly replaced: Hex | undefined }
  | { readonly rejection: MempoolRejection };

/** Told about changes, in order and synchronously; must not call back into the pool. */
export interface MempoolListener {
  pending?(transaction: PooledTransaction): void;
  removed?(transaction: PooledTransaction, reason: RemovalReason): void;
}

interface Victim {
  readonly queue: SenderQueue;
  readonly entry: PooledTransaction;
  readonly wasPending: boolean;
}

/** Transactions that wait for a block. Everything is synchronous; the cost of an operation grows with the logarithm of the pool. */
export class Mempool {
  private readonly options: MempoolOptions;
  private readonly dependencies: MempoolDependencies;
  private readonly byHash = new Map<Hex, PooledTransaction>();
  private readonly queues = new Map<Address, SenderQueue>();
  /** Senders with transactions that are not pending. */
  private readonly waiting = new Set<SenderQueue>();
  private readonly delegations = new Delegations();
  private readonly authorities = new Map<Hex, readonly Address[]>();
  /** Made when room has to be, and kept until the next block: most blocks begin and end with room. */
  private heap: EvictionHeap | undefined;
  private readonly listeners = new Set<MempoolListener>();
  private next: NextBlock;
  private bytes = 0;
  private pending = 0;
  private sequence = 0;

  constructor(options: MempoolOptions, next: NextBlock, dependencies: MempoolDependencies) {
    this.options = options;
    this.dependencies = dependencies;
    this.next = next;
  }

  /** Numbers of transactions, and their bytes. */
  status(): { pending: number; queued: number; bytes: number } {
    return { pending: this.pending, queued: this.byHash.size - this.pending, bytes: this.bytes };
  }

  get(hash: Hex): EncodedTransaction | undefined {
    return this.byHash.get(hash);
  }

  /** The nonce that an account's next transaction should have: after its pending ones. */
  nextNonce(address: Address): bigint {
    return this.queues.get(address)?.nextNonce ?? this.dependencies.account(address).nonce;
  }

  /** A sender's transactions in the pool. */
  queueOf(address: Address): SenderView | undefined {
    return this.queues.get(address);
  }

  /** All senders with transactions in the pool. */
  senders(): Iterable<SenderView> {
    return this.queues.values();
  }

  /** Tells a listener about changes from now on, until the returned function is called. */
  subscribe(listener: MempoolListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Pending transactions in the order of a block with this base fee, the next block's unless another is named. */
  select(baseFeePerGas = this.next.baseFeePerGas): Selection {
    return new Selection(this.queues.values(), baseFeePerGas);
  }

  /** Takes a transaction, or says why not. Its signature is the caller's to have checked: `sender` is believed. */
  add(arrived: EncodedTransaction): AddOutcome {
    const { hash, sender } = arrived;
    if (this.byHash.has(hash)) return { rejection: { code: "ALREADY_KNOWN", hash } };
    const queue = this.queues.get(sender) ?? new SenderQueue(sender, this.dependencies.account(sender));
    const transaction = payloadOf(arrived);
    const entry = createPooledTransaction(arrived, transaction, {
      sequence: this.sequence,
      addedAtMs: this.dependencies.clock.now(),
      before: queue.tail,
    });
    const unwanted = policyRejection(entry, transaction, this.options, this.next) ?? this.senderRejection(entry, queue);
    if (unwanted !== undefined) return { rejection: unwanted };
    const authorities = this.authoritiesOf(transaction);
    const reserved = this.delegations.authorityRejection(authorities, (address) => this.queues.get(address));
    if (reserved !== undefined) return { rejection: reserved };
    const old = queue.get(entry.nonce);
    const noRoom = this.makeRoom(entry, queue, old);
    if (noRoom !== undefined) return { rejection: noRoom };
    this.sequence++;
    this.insert(entry, queue, authorities);
    return { isPending: entry.isPending, replaced: old?.hash };
  }

  /**
   * Follows the chain to a new head, after the state did: what was included leaves because its nonce is used, and what the
   * senders can not pay any more leaves too. `changed` names at least the pool's senders among the accounts that differ between
   * the old and the new head, in both branches of a reorganisation. Transactions of blocks that were undone are added again by
   * the caller afterwards.
   */
  advance(next: NextBlock, changed: Iterable<Address>): void {
    const before = this.next;
    this.next = next;
    this.heap = undefined;
    for (const address of changed) {
      const queue = this.queues.get(address);
      if (queue === undefined) continue;
      const pendingBefore = queue.pendingSize;
      this.apply(queue, pendingBefore, queue.update(this.dependencies.account(address)), "used-nonce-or-funds");
    }
    if (next.fork !== before.fork) this.applyRules();
    else if (next.gasLimit < before.gasLimit) this.keepAll(({ gasLimit }) => gasLimit <= next.gasLimit);
  }

  /** Adds the transactions of blocks that were undone, each sender's by nonce; gives the number that are welcome. */
  giveBack(transactions: readonly EncodedTransaction[]): number {
    const decoded = transactions.map(({ raw, hash, sender }) => ({
      raw,
      hash,
      sender,
      transaction: decodePayload(raw),
    }));
    const byNonce = decoded.sort((left, right) =>
      left.transaction.nonce < right.transaction.nonce ? -1 : Number(left.transaction.nonce > right.transaction.nonce),
    );
    return byNonce.filter((transaction) => !("rejection" in this.add(transaction))).length;
  }

  /** Drops transactions that have waited too long without being pending. */
  expire(): void {
    const oldestMs = this.dependencies.clock.now() - this.options.queuedLifetimeMs;
    for (const queue of [...this.waiting]) {
      this.keep(queue, (entry) => entry.isPending || entry.addedAtMs >= oldestMs, "expired");
    }
  }

  /** Takes a transaction out, whatever it is worth; what stands behind it is queued. False when it is not here. */
  withdraw(hash: Hex): boolean {
    const entry = this.byHash.get(hash);
    const queue = entry && this.queues.get(entry.sender);
    if (queue === undefined) return false;
    this.keep(queue, (other) => other !== entry, "withdrawn");
    return true;
  }

  private senderRejection(entry: PooledTransaction, queue: SenderQueue): MempoolRejection | undefined {
    const { nonce } = entry;
    const rejection = accountRejection(entry, queue) ?? this.delegations.senderRejection(queue, nonce);
    if (rejection !== undefined) return rejection;
    const old = queue.get(nonce);
    if (old !== undefined) {
      const isEnough = outbids(entry, old, BigInt(this.options.priceBumpPercent));
      return isEnough ? undefined : { code: "REPLACEMENT_UNDERPRICED" };
    }
    const { senderQueuedMax, senderTransactionsMax } = this.options;
    const isQueueFull = nonce !== queue.nextNonce && queue.size - queue.pendingSize >= senderQueuedMax;
    if (!isQueueFull && queue.size < senderTransactionsMax) return undefined;
    return { code: "SENDER_LIMIT_REACHED", transactions: queue.size };
  }

  /** Gives up transactions that are worth less than the new one, all that it takes or none. */
  private makeRoom(
    entry: PooledTransaction,
    queue: SenderQueue,
    old: PooledTransaction | undefined,
  ): MempoolRejection | undefined {
    let count = this.byHash.size + (old === undefined ? 1 : 0) - this.options.transactionsMax;
    let bytes = this.bytes + entry.raw.length - (old?.raw.length ?? 0) - this.options.bytesMax;
    if (count <= 0 && bytes <= 0) return undefined;
    this.heap ??= new EvictionHeap(this.queues.values(), this.next.baseFeePerGas);
    const { heap } = this;
    const worth = worthOf(entry, queue, this.next.baseFeePerGas);
    const victims: Victim[] = [];
    while (count > 0 || bytes > 0) {
      const victimQueue = heap.top();
      const victimWorth = heap.topWorth();
      if (victimQueue === undefined || victimWorth === undefined) break;
      if (victimQueue === queue || !isWorthLess(victimWorth, worth)) {
        putBack(victims, heap);
        return { code: victimWorth.isPending && !worth.isPending ? "FUTURE_REPLACES_PENDING" : "UNDERPRICED" };
      }
      const wasPending = victimWorth.isPending;
      const victim = victimQueue.takeTail();
      if (victim === undefined) break;
      victims.push({ queue: victimQueue, entry: victim, wasPending });
      heap.update(victimQueue);
      count--;
      bytes -= victim.raw.length;
    }
    for (const victim of victims) this.evict(victim);
    return undefined;
  }

  private evict({ queue, entry, wasPending }: Victim): void {
    if (wasPending) this.pending--;
    this.forget(entry, "evicted");
    this.file(queue);
  }

  private insert(entry: PooledTransaction, queue: SenderQueue, authorities: readonly Address[]): void {
    this.queues.set(entry.sender, queue);
    this.byHash.set(entry.hash, entry);
    this.bytes += entry.raw.length;
    if (authorities.length > 0) {
      this.authorities.set(entry.hash, authorities);
      this.delegations.add(authorities);
    }
    const pendingBefore = queue.pendingSize;
    this.apply(queue, pendingBefore, queue.put(entry), "replaced");
  }

  private keep(queue: SenderQueue, passes: (entry: PooledTransaction) => boolean, reason: RemovalReason): void {
    const pendingBefore = queue.pendingSize;
    this.apply(queue, pendingBefore, queue.keep(passes), reason);
  }

  private apply(queue: SenderQueue, pendingBefore: number, change: QueueChange, reason: RemovalReason): void {
    this.pending += queue.pendingSize - pendingBefore;
    for (const entry of change.removed) this.forget(entry, reason);
    this.heap?.update(queue);
    this.file(queue);
    if (this.listeners.size === 0) return;
    for (const entry of change.promoted) for (const listener of this.listeners) listener.pending?.(entry);
  }

  /** Puts a sender into the indexes it belongs in. */
  private file(queue: SenderQueue): void {
    if (queue.size === 0) this.queues.delete(queue.address);
    if (queue.size > queue.pendingSize) this.waiting.add(queue);
    else this.waiting.delete(queue);
  }

  private forget(entry: PooledTransaction, reason: RemovalReason): void {
    this.byHash.delete(entry.hash);
    this.bytes -= entry.raw.length;
    const authorities = this.authorities.get(entry.hash);
    if (authorities !== undefined) {
      this.authorities.delete(entry.hash);
      this.delegations.remove(authorities);
    }
    for (const listener of this.listeners) listener.removed?.(entry, reason);
  }

  /** Who gave valid authorizations with a transaction, each once. */
  private authoritiesOf(transaction: TransactionPayload): readonly Address[] {
    if (transaction.type !== 4) return noAuthorities;
    const authorities = new Set<Address>();
    for (const authorization of transaction.authorizationList) {
      const authority = this.dependencies.recoverAuthority(authorization);
      if (authority !== undefined) authorities.add(authority);
    }
    return [...authorities];
  }

  /** Drops what a new fork rules out. */
  private applyRules(): void {
    const rules = { ...this.options, minTip: 0n, refuseBelowBaseFee: false };
    this.keepAll((entry) => policyRejection(entry, payloadOf(entry), rules, this.next) === undefined);
  }

  private keepAll(passes: (entry: PooledTransaction) => boolean): void {
    for (const queue of [...this.queues.values()]) this.keep(queue, passes, "rules-changed");
  }
}

function putBack(victims: readonly Victim[], heap: EvictionHeap): void {
  for (const { queue, entry } of victims) {
    queue.put(entry);
    heap.update(queue);
  }
}

/** What a transaction that is not in the pool yet would be worth there. */
function worthOf(entry: PooledTransaction, queue: SenderQueue, baseFeePerGas: bigint): Worth {
  const { nonce } = entry;
  const before = queue.before(nonce);
  const ownTip = tipUnder(entry, baseFeePerGas);
  const tipBefore = before === undefined ? ownTip : tipUnder(before, baseFeePerGas);
  const isPending = nonce === queue.nextNonce || queue.getPending(nonce) !== undefined;
  return { isPending, tip: lower(tipBefore, ownTip), sequence: entry.sequence };
}

function lower(left: bigint, right: bigint): bigint {
  if (left < right) return left;
  return right;
}

const noAuthorities: readonly Address[] = [];
