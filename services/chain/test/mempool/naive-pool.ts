import type { RecoveredTransaction } from "@koinon/ethereum/transaction";
import type { Address } from "@koinon/secp256k1/address";
import type { MempoolOptions } from "../../src/mempool/mempool.ts";
import type { SenderAccount } from "../../src/mempool/sender-queue.ts";

interface Item {
  readonly recovered: RecoveredTransaction;
  readonly nonce: bigint;
  readonly fee: bigint;
  readonly tip: bigint;
  readonly cost: bigint;
  readonly sequence: number;
  readonly addedAtMs: number;
}

/** The mempool's rules over one list, everything worked out anew each time: slow, and easy to believe. */
export class NaivePool {
  items: Item[] = [];
  baseFee: bigint;
  private sequence = 0;
  private readonly options: MempoolOptions;
  private readonly account: (address: Address) => SenderAccount;
  private readonly now: () => number;

  constructor(
    options: MempoolOptions,
    baseFee: bigint,
    account: (address: Address) => SenderAccount,
    now: () => number,
  ) {
    this.options = options;
    this.baseFee = baseFee;
    this.account = account;
    this.now = now;
  }

  of(address: Address): Item[] {
    return this.items
      .filter(({ recovered }) => recovered.sender === address)
      .sort((left, right) => (left.nonce < right.nonce ? -1 : 1));
  }

  pendingOf(address: Address): Item[] {
    const { nonce, balance } = this.account(address);
    const pending: Item[] = [];
    let cost = 0n;
    for (const item of this.of(address)) {
      cost += item.cost;
      if (item.nonce !== nonce + BigInt(pending.length) || cost > balance) break;
      pending.push(item);
    }
    return pending;
  }

  senders(): Address[] {
    return [...new Set(this.items.map(({ recovered }) => recovered.sender))];
  }

  pendingHashes(): string[] {
    return this.senders().flatMap((address) => this.pendingOf(address).map(({ recovered }) => recovered.hash));
  }

  add(recovered: RecoveredTransaction): string {
    if (this.items.some((item) => item.recovered.hash === recovered.hash)) return "ALREADY_KNOWN";
    const item = this.item(recovered);
    const account = this.account(recovered.sender);
    const mine = this.of(recovered.sender);
    const pending = this.pendingOf(recovered.sender);
    if (item.nonce < account.nonce) return "NONCE_TOO_LOW";
    const others = pending.filter(({ nonce }) => nonce !== item.nonce).reduce((sum, { cost }) => sum + cost, 0n);
    if (item.cost > account.balance || others + item.cost > account.balance) return "INSUFFICIENT_FUNDS";
    const old = mine.find(({ nonce }) => nonce === item.nonce);
    const next = account.nonce + BigInt(pending.length);
    if (old !== undefined) {
      const threshold = (fee: bigint): bigint => (fee * (100n + BigInt(this.options.priceBumpPercent))) / 100n;
      const isHigher = item.fee > old.fee && item.tip > old.tip;
      if (!isHigher || item.fee < threshold(old.fee) || item.tip < threshold(old.tip)) return "REPLACEMENT_UNDERPRICED";
    } else if (
      mine.length >= this.options.senderTransactionsMax ||
      (item.nonce !== next && mine.length - pending.length >= this.options.senderQueuedMax)
    ) {
      return "SENDER_LIMIT_REACHED";
    }

    const before = this.items;
    this.items = [...before.filter((other) => other !== old), item];
    const willBePending = item.nonce === next || pending.some(({ nonce }) => nonce === item.nonce);
    const refusal = this.shrink(item, willBePending, old);
    if (refusal !== undefined) {
      this.items = before;
      return refusal;
    }
    this.sequence++;
    return this.pendingOf(recovered.sender).includes(item) ? "pending" : "queued";
  }

  advance(baseFee: bigint): void {
    this.baseFee = baseFee;
    this.items = this.items.filter(({ recovered, nonce, cost }) => {
      const account = this.account(recovered.sender);
      return nonce >= account.nonce && cost <= account.balance;
    });
  }

  expire(): void {
    const pending = new Set(this.pendingHashes());
    const oldestMs = this.now() - this.options.queuedLifetimeMs;
    this.items = this.items.filter(({ recovered, addedAtMs }) => pending.has(recovered.hash) || addedAtMs >= oldestMs);
  }

  withdraw(hash: string): void {
    this.items = this.items.filter(({ recovered }) => recovered.hash !== hash);
  }

  /** The hashes in a block's order. */
  order(): string[] {
    const lines = this.senders().map((address) => this.pendingOf(address));
    const order: string[] = [];
    for (;;) {
      const heads = lines.flatMap((line) => line.slice(0, 1)).filter((head) => this.tipOf(head) >= 0n);
      heads.sort((left, right) => {
        const difference = this.tipOf(right) - this.tipOf(left);
        return difference === 0n ? left.sequence - right.sequence : Number(difference);
      });
      const best = heads[0];
      if (best === undefined) return order;
      order.push(best.recovered.hash);
      for (const line of lines) if (line[0] === best) line.shift();
    }
  }

  private item(recovered: RecoveredTransaction): Item {
    const { transaction } = recovered;
    if (transaction.type !== 2) throw new Error("the model knows one type");
    return {
      recovered,
      nonce: transaction.nonce,
      fee: transaction.maxFeePerGas,
      tip: transaction.maxPriorityFeePerGas,
      cost: transaction.gasLimit * transaction.maxFeePerGas + transaction.value,
      sequence: this.sequence,
      addedAtMs: this.now(),
    };
  }

  private tipOf({ fee, tip }: Item): bigint {
    const affordable = fee - this.baseFee;
    return tip < affordable ? tip : affordable;
  }

  /** The least tip of a transaction and those it comes after. */
  private chainTip(item: Item): bigint {
    const before = this.of(item.recovered.sender).filter(({ nonce }) => nonce <= item.nonce);
    return before.map((other) => this.tipOf(other)).sort((left, right) => Number(left - right))[0] as bigint;
  }

  private shrink(added: Item, isAddedPending: boolean, old: Item | undefined): string | undefined {
    // Pending is what was pending without the new one: it promotes nothing before it is in.
    const without = (): NaivePool => {
      const pool = new NaivePool(this.options, this.baseFee, this.account, this.now);
      pool.items = this.items.filter((item) => item !== added);
      if (old !== undefined) pool.items.push(old);
      return pool;
    };
    const addedTip = this.chainTip(added);
    while (this.isFull()) {
      const rest = without();
      const tails = rest.senders().map((address) => rest.of(address).at(-1) as Item);
      const pending = new Set(rest.pendingHashes());
      const rank = (item: Item) => ({ isPending: pending.has(item.recovered.hash), tip: rest.chainTip(item), item });
      const worst = tails.map(rank).sort((left, right) => {
        if (left.isPending !== right.isPending) return left.isPending ? 1 : -1;
        if (left.tip !== right.tip) return left.tip < right.tip ? -1 : 1;
        return right.item.sequence - left.item.sequence;
      })[0];
      if (worst === undefined) return undefined;
      const isWorse = worst.isPending === isAddedPending ? worst.tip < addedTip : !worst.isPending && isAddedPending;
      if (worst.item.recovered.sender === added.recovered.sender || !isWorse) {
        return worst.isPending && !isAddedPending ? "FUTURE_REPLACES_PENDING" : "UNDERPRICED";
      }
      this.items = this.items.filter((item) => item !== worst.item);
    }
    return undefined;
  }

  private isFull(): boolean {
    const bytes = this.items.reduce((sum, { recovered }) => sum + recovered.raw.length, 0);
    return this.items.length > this.options.transactionsMax || bytes > this.options.bytesMax;
  }
}
