import type { SessionHead } from "@koinon/contributions/session-rules";
import { invariant } from "@koinon/errors/invariant";
import type { Account as LedgerAccount } from "@koinon/ledger/account";
import { LedgerError } from "@koinon/ledger/fault";
import type { TransferId } from "@koinon/ledger/identifiers";
import { MemoryLedger } from "@koinon/ledger/memory-ledger";
import type { OpeningTransfer } from "@koinon/ledger/transfer";
import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";
import { AccountsError } from "./errors.ts";
import type {
  Account,
  Attempt,
  MoneyStore,
  ReservationRequest,
  ReservationTerms,
  SettlementRecord,
  SettleOutcome,
  SettleRequest,
  UnloggedSettlement,
  Withdrawal,
} from "./money-store.ts";
import type { ForecastRequest } from "./reservation-forecast.ts";
import type { ReservesAhead } from "./reserve-ahead.ts";
import { headAfter, settlePlace } from "./session-place.ts";

const issuance = "issuance";
const budget = (accountId: string) => `budget:${accountId}`;
const payee = (provider: Address) => `provider:${provider}`;

interface Kept {
  record: SettlementRecord;
  /** The pending transfer, while the request is open. */
  transfer: TransferId;
  repoints: number;
}

/** Budgets and the money of requests in memory, on the pure ledger: the twin that the stored one has to agree with. It forgets nothing. */
export class MemoryMoneyStore implements MoneyStore, ReservesAhead {
  readonly ledger = new MemoryLedger();
  readonly #consumers = new Map<string, Address>();
  readonly #deposits = new Map<string, OpeningTransfer>();
  readonly #requests = new Map<Hex, Kept>();
  readonly #withdrawals = new Map<string, { accountId: string; amount: bigint }>();
  readonly #byReceipt = new Map<Hex, Hex>();
  readonly #sessions = new Map<Hex, SessionHead>();
  /** In the order of settling; gone once logged. */
  readonly #outbox = new Map<Hex, UnloggedSettlement & { settledAt: number }>();

  constructor() {
    this.ledger.openAccount(issuance, null);
  }

  async openAccount({
    requestId,
    accountId,
    consumer,
    limit,
  }: Parameters<MoneyStore["openAccount"]>[0]): Promise<Account> {
    const known = this.#consumers.get(accountId);
    const before = this.#deposits.get(requestId);
    const transfer = this.#creditOf(`open:${requestId}`, accountId, limit);
    if (before !== undefined && (!isSame(before, transfer) || known !== consumer)) {
      throw new AccountsError({ code: "REQUEST_ID_REUSED", requestId });
    }
    if (before === undefined && known !== undefined)
      throw new AccountsError({ code: "ACCOUNT_EXISTS", account: accountId });
    this.ledger.openAccount(budget(accountId), 0n);
    this.ledger.apply(transfer);
    this.#consumers.set(accountId, consumer);
    this.#deposits.set(requestId, transfer);
    return this.#account(accountId);
  }

  async deposit({ requestId, accountId, amount }: Parameters<MoneyStore["deposit"]>[0]): Promise<Account> {
    const before = this.#deposits.get(requestId);
    const transfer = this.#creditOf(`deposit:${requestId}`, accountId, amount);
    if (before !== undefined && !isSame(before, transfer))
      throw new AccountsError({ code: "REQUEST_ID_REUSED", requestId });
    if (!this.#consumers.has(accountId)) throw new AccountsError({ code: "ACCOUNT_UNKNOWN", account: accountId });
    this.ledger.apply(transfer);
    this.#deposits.set(requestId, transfer);
    return this.#account(accountId);
  }

  async withdraw({ requestId, accountId }: Parameters<MoneyStore["withdraw"]>[0]): Promise<Withdrawal> {
    if (!this.#consumers.has(accountId)) throw new AccountsError({ code: "ACCOUNT_UNKNOWN", account: accountId });
    const before = this.#withdrawals.get(requestId);
    if (before !== undefined && before.accountId !== accountId)
      throw new AccountsError({ code: "REQUEST_ID_REUSED", requestId });
    if (before !== undefined) return { amount: before.amount, account: this.#account(accountId) };
    const { limit, spent, reserved } = this.#account(accountId);
    const amount = limit - spent - reserved;
    const id = `withdraw:${requestId}`;
    this.ledger.apply({ kind: "immediate", id, debit: budget(accountId), credit: issuance, amount });
    this.#withdrawals.set(requestId, { accountId, amount });
    return { amount, account: this.#account(accountId) };
  }

  async account(accountId: string): Promise<Account | undefined> {
    return this.#consumers.has(accountId) ? this.#account(accountId) : undefined;
  }

  async accounts(accountIds: readonly string[]): Promise<Account[]> {
    return [...new Set(accountIds)].filter((id) => this.#consumers.has(id)).map((id) => this.#account(id));
  }

  async reserve(request: ReservationRequest): Promise<"reserved" | "duplicate"> {
    const { requestId, accountId, now, ...reservation } = request;
    const consumer = this.#consumers.get(accountId);
    if (consumer === undefined) throw new AccountsError({ code: "ACCOUNT_UNKNOWN", account: accountId });
    const before = this.#requests.get(requestId)?.record;
    if (before !== undefined) {
      if (isSameRequest(before, request)) return "duplicate";
      throw new AccountsError({ code: "REQUEST_ID_REUSED", requestId });
    }
    const transfer = `reserve:${requestId}`;
    this.#hold(accountId, request, transfer, []);
    const nothingYet = {
      delivered: undefined,
      closedAt: undefined,
      receiptId: undefined,
      fee: undefined,
      receipt: undefined,
    };
    const record: SettlementRecord = {
      ...{ ...reservation, ...nothingYet, requestId, accountId, consumer, reservedAt: now },
      ...{ state: "reserved", voidReason: "", relayed: false, logIndex: undefined, attempts: [] },
    };
    this.#requests.set(requestId, { record, transfer, repoints: 0 });
    return "reserved";
  }

  isLikely({ requestId, accountId, amount }: ForecastRequest): boolean {
    if (!this.#consumers.has(accountId) || this.#requests.has(requestId)) return false;
    const { limit, spent, reserved } = this.#account(accountId);
    return limit - spent - reserved >= amount;
  }

  async reserveAhead(request: ReservationRequest): Promise<"reserved" | "duplicate"> {
    return await this.reserve(request);
  }

  async repoint(
    requestId: Hex,
    terms: ReservationTerms,
    attempts: readonly Attempt[],
  ): Promise<"repointed" | "closed"> {
    const kept = this.#open(requestId);
    if (kept?.record.relayedBy === undefined) return "closed";
    const repoints = kept.repoints + 1;
    const transfer = `reserve:${requestId}:${repoints}`;
    const release = { kind: "void", id: `${transfer}:release`, pending: kept.transfer } as const;
    this.#hold(kept.record.accountId, terms, transfer, [release]);
    this.#requests.set(requestId, { record: { ...kept.record, ...terms, attempts }, transfer, repoints });
    return "repointed";
  }

  async endRelay({ requestId, delivered, attempts, expiresAt }: Parameters<MoneyStore["endRelay"]>[0]): Promise<void> {
    const kept = this.#open(requestId);
    if (kept === undefined) return;
    const until = Math.min(expiresAt, kept.record.expiresAt);
    kept.record = { ...kept.record, relayedBy: undefined, delivered, attempts, expiresAt: until };
  }

  async endRelaysOf(relayedBy: string, expiresAt: number): Promise<number> {
    const orphans = this.#allOpen().filter(({ record }) => record.relayedBy === relayedBy);
    for (const kept of orphans) {
      const until = Math.min(expiresAt, kept.record.expiresAt);
      kept.record = { ...kept.record, relayedBy: undefined, expiresAt: until };
    }
    return orphans.length;
  }

  async settle(request: SettleRequest): Promise<SettleOutcome> {
    const kept = this.#requests.get(request.requestId);
    if (kept === undefined) return "unknown-request";
    const { record } = kept;
    if (record.state === "voided") return "voided";
    if (record.state === "settled") {
      if (record.receiptId !== request.receiptId) return "settled-otherwise";
      kept.record = { ...record, relayed: record.relayed || request.relayed };
      return "duplicate";
    }
    if (record.provider !== request.provider || record.priceId !== request.priceId) return "repointed";
    invariant(request.fee <= record.amount, "a fee is at most the amount reserved");
    const place = settlePlace(this.#sessions.get(request.session), request, record.consumer);
    if (place !== "next") return place;
    const { fee, receipt, receiptId, relayed, attempts, event, now } = request;
    this.ledger.apply({ kind: "post", id: `settle:${request.requestId}`, pending: kept.transfer, amount: fee });
    this.#sessions.set(request.session, headAfter(request, record.consumer));
    this.#byReceipt.set(receiptId, request.requestId);
    this.#outbox.set(receiptId, { receiptId, ...event, settledAt: now });
    kept.record = { ...record, state: "settled", fee, receipt, receiptId, relayed, attempts, closedAt: now };
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
    this.#release(kept, reason, now);
    kept.record = { ...kept.record, attempts };
    return "voided";
  }

  async expire(now: number, limit: number): Promise<number> {
    const due = this.#allOpen().filter(({ record }) => record.expiresAt <= now);
    const expired = due.sort((left, right) => left.record.expiresAt - right.record.expiresAt).slice(0, limit);
    for (const kept of expired) this.#release(kept, "RESERVATION_EXPIRED", now);
    return expired.length;
  }

  async forgetVoided(closedBefore: number, limit: number): Promise<number> {
    const forgotten = [...this.#requests.values()]
      .map(({ record }) => record)
      .filter(({ state, closedAt = 0 }) => state === "voided" && closedAt < closedBefore)
      .sort((left, right) => (left.closedAt ?? 0) - (right.closedAt ?? 0))
      .slice(0, limit);
    for (const { requestId } of forgotten) this.#requests.delete(requestId);
    return forgotten.length;
  }

  async reservations(requestIds: readonly Hex[]): Promise<ReadonlyMap<Hex, SettlementRecord>> {
    const found = new Map<Hex, SettlementRecord>();
    for (const requestId of requestIds) {
      const kept = this.#requests.get(requestId);
      if (kept !== undefined) found.set(requestId, kept.record);
    }
    return found;
  }

  async settlement(id: Hex): Promise<SettlementRecord | undefined> {
    return this.#requests.get(this.#byReceipt.get(id) ?? id)?.record;
  }

  async settlements({
    accountId,
    limit,
    after,
  }: Parameters<MoneyStore["settlements"]>[0]): Promise<SettlementRecord[]> {
    return [...this.#requests.values()]
      .map(({ record }) => record)
      .filter((record) => accountId === undefined || record.accountId === accountId)
      .filter((record) => after === undefined || newestFirst(after, record) < 0)
      .sort(newestFirst)
      .slice(0, limit);
  }

  async markLogged(receipts: readonly { receiptId: Hex; index: bigint }[]): Promise<void> {
    for (const { receiptId, index } of receipts) {
      const kept = this.#requests.get(this.#byReceipt.get(receiptId) ?? receiptId);
      if (kept?.record.receiptId !== receiptId) continue;
      kept.record = { ...kept.record, logIndex: kept.record.logIndex ?? index };
      this.#outbox.delete(receiptId);
    }
  }

  async unlogged(settledBefore: number, limit: number): Promise<UnloggedSettlement[]> {
    return [...this.#outbox.values()]
      .filter(({ settledAt }) => settledAt < settledBefore)
      .slice(0, limit)
      .map(({ receiptId, subject, payload }) => ({ receiptId, subject, payload }));
  }

  #hold(
    accountId: string,
    { provider, amount }: { provider: Address; amount: bigint },
    id: TransferId,
    releases: readonly { kind: "void"; id: TransferId; pending: TransferId }[],
  ): void {
    this.ledger.openAccount(payee(provider), null);
    try {
      this.ledger.apply(...releases, {
        kind: "pending",
        id,
        debit: budget(accountId),
        credit: payee(provider),
        amount,
      });
    } catch (error) {
      if (!(error instanceof LedgerError) || error.fault.code !== "INSUFFICIENT_FUNDS") throw error;
      const { available } = error.fault;
      throw new AccountsError({ code: "INSUFFICIENT_FUNDS", account: accountId, needed: amount, available });
    }
  }

  #release(kept: Kept, voidReason: string, now: number): void {
    this.ledger.apply({ kind: "void", id: `void:${kept.record.requestId}`, pending: kept.transfer });
    kept.record = { ...kept.record, state: "voided", voidReason, closedAt: now };
  }

  #open(requestId: Hex): Kept | undefined {
    const kept = this.#requests.get(requestId);
    return kept?.record.state === "reserved" ? kept : undefined;
  }

  #allOpen(): Kept[] {
    return [...this.#requests.values()].filter(({ record }) => record.state === "reserved");
  }

  #creditOf(id: TransferId, accountId: string, amount: bigint): OpeningTransfer {
    return { kind: "immediate", id, debit: issuance, credit: budget(accountId), amount };
  }

  #account(accountId: string): Account {
    const { creditsPosted, debitsPosted, debitsPending } = this.ledger.account(budget(accountId)) as LedgerAccount;
    const consumer = this.#consumers.get(accountId) as Address;
    const withdrawn = [...this.#withdrawals.values()]
      .filter((each) => each.accountId === accountId)
      .reduce((sum, { amount }) => sum + amount, 0n);
    const [limit, spent] = [creditsPosted - withdrawn, debitsPosted - withdrawn];
    return { accountId, consumer, limit, spent, reserved: debitsPending };
  }
}

function isSame(left: OpeningTransfer, right: OpeningTransfer): boolean {
  return left.id === right.id && left.credit === right.credit && left.amount === right.amount;
}

function isSameRequest(before: SettlementRecord, request: ReservationRequest): boolean {
  return (
    before.accountId === request.accountId &&
    before.model === request.model &&
    before.endpoint === request.endpoint &&
    before.requestDigest === request.requestDigest &&
    before.requestBytes === request.requestBytes
  );
}

function newestFirst(left: Place, right: Place): number {
  if (left.reservedAt !== right.reservedAt) return right.reservedAt - left.reservedAt;
  return left.requestId < right.requestId ? 1 : left.requestId > right.requestId ? -1 : 0;
}

interface Place {
  readonly reservedAt: number;
  readonly requestId: Hex;
}
