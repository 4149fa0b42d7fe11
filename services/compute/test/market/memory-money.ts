import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";
import { AccountsError } from "../../src/market/accounts/errors.ts";
import type {
  Account,
  MoneyStore,
  ReservationTerms,
  SettlementRecord,
  SettleOutcome,
  SettleRequest,
  UnloggedSettlement,
} from "../../src/market/accounts/money-store.ts";

interface Kept {
  record: SettlementRecord;
  settled?: SettleRequest;
}

/** Money kept in maps, one step at a time: what the market's parts are tested with. */
export class MemoryMoney implements MoneyStore {
  readonly accounts = new Map<string, Account>();
  readonly requests = new Map<Hex, Kept>();
  /** Events of settlements, in order, as an outbox would hold them. */
  readonly outbox: UnloggedSettlement[] = [];
  readonly #applied = new Set<string>();

  async openAccount(request: Parameters<MoneyStore["openAccount"]>[0]): Promise<Account> {
    const { accountId, consumer, limit } = request;
    const known = this.accounts.get(accountId);
    if (known !== undefined) {
      if (known.consumer !== consumer) throw new AccountsError({ code: "ACCOUNT_EXISTS", account: accountId });
      return known;
    }
    return this.#write({ accountId, consumer, limit, spent: 0n, reserved: 0n });
  }

  async deposit({ requestId, accountId, amount }: Parameters<MoneyStore["deposit"]>[0]): Promise<Account> {
    const account = this.#account(accountId);
    if (this.#applied.has(requestId)) return account;
    this.#applied.add(requestId);
    return this.#write({ ...account, limit: account.limit + amount });
  }

  async account(accountId: string): Promise<Account | undefined> {
    return this.accounts.get(accountId);
  }

  async reserve(request: Parameters<MoneyStore["reserve"]>[0]): Promise<"reserved" | "duplicate"> {
    if (this.requests.has(request.requestId)) return "duplicate";
    const { accountId, now, ...reservation } = request;
    this.#hold(accountId, request.amount);
    const record: SettlementRecord = {
      ...reservation,
      accountId,
      consumer: this.#account(accountId).consumer,
      state: "reserved",
      voidReason: "",
      delivered: undefined,
      reservedAt: now,
      closedAt: undefined,
      receiptId: undefined,
      fee: undefined,
      receipt: undefined,
      relayed: false,
      logIndex: undefined,
      attempts: [],
    };
    this.requests.set(request.requestId, { record });
    return "reserved";
  }

  async repoint(
    requestId: Hex,
    terms: ReservationTerms,
    attempts: SettlementRecord["attempts"],
  ): Promise<"repointed" | "closed"> {
    const kept = this.#open(requestId);
    if (kept === undefined) return "closed";
    const { accountId, amount } = kept.record;
    this.#hold(accountId, terms.amount - amount);
    kept.record = { ...kept.record, ...terms, attempts };
    return "repointed";
  }

  async endRelay({ requestId, delivered, attempts, expiresAt }: Parameters<MoneyStore["endRelay"]>[0]): Promise<void> {
    const kept = this.#open(requestId);
    if (kept === undefined) return;
    const until = Math.min(expiresAt, kept.record.expiresAt);
    kept.record = { ...kept.record, relayedBy: undefined, delivered, attempts, expiresAt: until };
  }

  async endRelaysOf(relayedBy: string, expiresAt: number): Promise<number> {
    const orphans = [...this.requests.values()].filter(
      ({ record }) => record.state === "reserved" && record.relayedBy === relayedBy,
    );
    for (const kept of orphans) {
      const until = Math.min(expiresAt, kept.record.expiresAt);
      kept.record = { ...kept.record, relayedBy: undefined, expiresAt: until };
    }
    return orphans.length;
  }

  async settle(request: SettleRequest): Promise<SettleOutcome> {
    const kept = this.requests.get(request.requestId);
    if (kept === undefined) return "unknown-request";
    const { record } = kept;
    if (record.state === "settled") {
      if (record.receiptId !== request.receiptId) return "settled-otherwise";
      if (request.relayed) kept.record = { ...record, relayed: true };
      return "duplicate";
    }
    if (record.state === "voided") return "voided";
    if (record.provider !== request.provider || record.priceId !== request.priceId) return "repointed";
    const place = this.#placeOf(request, record.consumer);
    if (place !== "next") return place;
    const { fee, receipt, receiptId, relayed, attempts, now } = request;
    this.#release(record);
    const account = this.#account(record.accountId);
    this.#write({ ...account, spent: account.spent + fee });
    kept.settled = request;
    kept.record = { ...record, state: "settled", fee, receipt, receiptId, relayed, attempts, closedAt: now };
    this.outbox.push({ receiptId, ...request.event });
    return "settled";
  }

  async void({
    requestId,
    relayedBy,
    reason,
    attempts,
    now,
  }: Parameters<MoneyStore["void"]>[0]): Promise<"voided" | "closed"> {
    const kept = this.#open(requestId);
    if (kept === undefined || kept.record.relayedBy !== relayedBy) return "closed";
    this.#release(kept.record);
    kept.record = { ...kept.record, state: "voided", voidReason: reason, attempts, closedAt: now };
    return "voided";
  }

  async expire(now: number, limit: number): Promise<number> {
    const expired = [...this.requests.values()]
      .filter(({ record }) => record.state === "reserved" && record.expiresAt <= now)
      .slice(0, limit);
    for (const kept of expired) {
      this.#release(kept.record);
      kept.record = { ...kept.record, state: "voided", voidReason: "RESERVATION_EXPIRED", closedAt: now };
    }
    return expired.length;
  }

  async reservations(requestIds: readonly Hex[]): Promise<ReadonlyMap<Hex, SettlementRecord>> {
    const found = requestIds.flatMap((id): [Hex, SettlementRecord][] => {
      const kept = this.requests.get(id);
      return kept === undefined ? [] : [[id, kept.record]];
    });
    return new Map(found);
  }

  async settlement(id: Hex): Promise<SettlementRecord | undefined> {
    return (this.requests.get(id) ?? this.requests.values().find(({ record }) => record.receiptId === id))?.record;
  }

  async settlements({
    accountId,
    limit,
    after,
  }: Parameters<MoneyStore["settlements"]>[0]): Promise<SettlementRecord[]> {
    const isAfter = (record: SettlementRecord) =>
      after === undefined ||
      record.reservedAt < after.reservedAt ||
      (record.reservedAt === after.reservedAt && record.requestId < after.requestId);
    return [...this.requests.values()]
      .map(({ record }) => record)
      .filter((record) => (accountId === undefined || record.accountId === accountId) && isAfter(record))
      .sort((left, right) => right.reservedAt - left.reservedAt || (left.requestId < right.requestId ? 1 : -1))
      .slice(0, limit);
  }

  async markLogged(receipts: readonly { receiptId: Hex; index: bigint }[]): Promise<void> {
    for (const { receiptId, index } of receipts) {
      const kept = this.requests.values().find(({ record }) => record.receiptId === receiptId);
      if (kept !== undefined) kept.record = { ...kept.record, logIndex: index };
    }
  }

  async unlogged(settledBefore: number, limit: number): Promise<UnloggedSettlement[]> {
    const late = ({ receiptId }: UnloggedSettlement) => {
      const kept = this.requests.values().find(({ record }) => record.receiptId === receiptId);
      return kept?.record.logIndex === undefined && (kept?.record.closedAt ?? settledBefore) < settledBefore;
    };
    return this.outbox.filter(late).slice(0, limit);
  }

  #placeOf({ session, sequence, previous, signedBy }: SettleRequest, consumer: Address) {
    const settled = [...this.requests.values()].flatMap((kept) =>
      kept.settled ? [{ ...kept, settled: kept.settled }] : [],
    );
    const inSession = settled.filter((kept) => kept.settled.session === session);
    if (inSession.some((kept) => kept.settled.sequence === sequence)) return "chain-broken";
    if (sequence === 0n) return inSession.length === 0 ? "next" : "chain-broken";
    const before = inSession.find((kept) => kept.settled.sequence === sequence - 1n);
    if (before === undefined) return "predecessor-missing";
    const { receiptId, signedBy: signedBefore } = before.settled;
    const keyFollows =
      signedBy.epoch > signedBefore.epoch ||
      (signedBy.epoch === signedBefore.epoch && signedBy.key === signedBefore.key);
    return receiptId === previous && before.record.consumer === consumer && keyFollows ? "next" : "chain-broken";
  }

  #open(requestId: Hex): Kept | undefined {
    const kept = this.requests.get(requestId);
    return kept?.record.state === "reserved" ? kept : undefined;
  }

  #hold(accountId: string, amount: bigint): void {
    const account = this.#account(accountId);
    const available = account.limit - account.spent - account.reserved;
    if (amount > available) {
      throw new AccountsError({ code: "INSUFFICIENT_FUNDS", account: accountId, needed: amount, available });
    }
    this.#write({ ...account, reserved: account.reserved + amount });
  }

  #release({ accountId, amount }: SettlementRecord): void {
    const account = this.#account(accountId);
    this.#write({ ...account, reserved: account.reserved - amount });
  }

  #account(accountId: string): Account {
    const account = this.accounts.get(accountId);
    if (account === undefined) throw new AccountsError({ code: "ACCOUNT_UNKNOWN", account: accountId });
    return account;
  }

  #write(account: Account): Account {
    this.accounts.set(account.accountId, account);
    return account;
  }
}
