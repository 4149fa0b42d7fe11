import { setTimeout as delay } from "node:timers/promises";
import { isFault } from "@koinon/errors/domain-error";
import type { Database } from "@koinon/postgres/database";
import { type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import { AccountRows, readAccount, readAccounts } from "./account-rows.ts";
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
import { deposit, openAccount } from "./postgres-deposits.ts";
import { withdraw } from "./postgres-withdrawals.ts";
import { type ForecastRequest, ReservationForecast } from "./reservation-forecast.ts";
import type { ReservesAhead } from "./reserve-ahead.ts";
import { type MadeReservation, type PlacedReservation, ReserveLane } from "./reserve-lane.ts";
import { SettleLane } from "./settle-lane.ts";
import { recordFromRow, type SettlementRow, selectReservations, selectSettlements } from "./settlement-rows.ts";
import { VoidLane } from "./void-lane.ts";

/** A database that a supervisor starts again serves within seconds. */
const reserveAgainMs = 20_000;
const reserveAgainPauseMs = 100;
const remembered = { budgetsMax: 50_000, requestsMax: 10_000 };

/** Bounds of the store. */
export interface PostgresMoneyStoreOptions {
  /** Most operations of one kind in one batch. Default 128. */
  readonly batchMax?: number;
  /** Most operations of one kind that are not answered yet; one more is refused with DATABASE_OVERLOADED. Default 8,192. */
  readonly openMax?: number;
  /** How long settlements collect, ms. Default 40. Who reads a budget, or lacks the money for a reservation, does not wait for it. */
  readonly settleLingerMs?: number;
}

/** Budgets and the money of requests in PostgreSQL, shared by all replicas. Takes two or three connections of the pool when busy. */
export class PostgresMoneyStore implements MoneyStore, ReservesAhead {
  readonly #database: Database;
  readonly #rows: AccountRows;
  readonly #reserves: ReserveLane;
  readonly #settles: SettleLane;
  readonly #voids: VoidLane;
  readonly #forecast = new ReservationForecast(remembered);

  constructor(options: PostgresMoneyStoreOptions, dependencies: { database: Database }) {
    const { database } = dependencies;
    const bounds = { batchMax: options.batchMax ?? 128, openMax: options.openMax ?? 8_192 };
    this.#database = database;
    this.#rows = new AccountRows({ database });
    this.#reserves = new ReserveLane(bounds, { database });
    const lingerMs = options.settleLingerMs ?? 40;
    this.#settles = new SettleLane({ ...bounds, lingerMs }, { database });
    this.#voids = new VoidLane(bounds, { database });
  }

  async openAccount(request: Parameters<MoneyStore["openAccount"]>[0]): Promise<Account> {
    return await openAccount(this.#database, request);
  }

  async deposit(request: Parameters<MoneyStore["deposit"]>[0]): Promise<Account> {
    return await deposit(this.#database, request);
  }

  async withdraw(request: Parameters<MoneyStore["withdraw"]>[0]): Promise<Withdrawal> {
    await this.#settles.flush();
    return await withdraw(this.#database, request);
  }

  async account(accountId: string): Promise<Account | undefined> {
    await this.#settles.flush();
    return await readAccount(this.#database, accountId);
  }

  async accounts(accountIds: readonly string[]): Promise<Account[]> {
    await this.#settles.flush();
    return await readAccounts(this.#database, accountIds);
  }

  isLikely(request: ForecastRequest): boolean {
    return this.#forecast.isLikely(request);
  }

  async reserve(request: ReservationRequest): Promise<"reserved" | "duplicate"> {
    this.#forecast.asks(request);
    try {
      const { outcome, left } = await this.#place(request);
      this.#forecast.granted(request, left);
      return outcome;
    } catch (error) {
      const fault = error instanceof AccountsError ? error.fault : undefined;
      if (fault?.code === "INSUFFICIENT_FUNDS") this.#forecast.refused(request, fault.available);
      else this.#forecast.failed(request);
      throw error;
    }
  }

  async reserveAhead(request: ReservationRequest): Promise<"reserved" | "duplicate"> {
    try {
      return await this.reserve(request);
    } catch (error) {
      if (error instanceof AccountsError || isFault(error, "DATABASE_OVERLOADED")) throw error;
      await this.#reserveAgain(request, error);
      return "reserved";
    }
  }

  async #place(request: ReservationRequest): Promise<MadeReservation> {
    const account = await this.#rows.budget(request.accountId);
    if (account === undefined) throw new AccountsError({ code: "ACCOUNT_UNKNOWN", account: request.accountId });
    const payee = await this.#rows.payee(request.provider);
    return await this.#reserveOrSettleFirst({ request, account, payee });
  }

  /** What a settlement that still collects gives back may be what this reservation lacks. */
  async #reserveOrSettleFirst(reservation: PlacedReservation): Promise<MadeReservation> {
    try {
      return await this.#reserves.reserve(reservation);
    } catch (error) {
      if (!isFault(error, "INSUFFICIENT_FUNDS") || this.#settles.open === 0) throw error;
      await this.#settles.flush();
      return await this.#reserves.reserve(reservation);
    }
  }

  /** The first time may have been written before its answer was lost: a duplicate is this request's own. */
  async #reserveAgain(request: ReservationRequest, cause: unknown): Promise<void> {
    const deadline = AbortSignal.timeout(reserveAgainMs);
    for (let failure = cause; ; ) {
      if (failure instanceof AccountsError || deadline.aborted) throw failure;
      await delay(reserveAgainPauseMs);
      try {
        await this.#place(request);
        return;
      } catch (error) {
        failure = error;
      }
    }
  }

  async repoint(
    requestId: Hex,
    terms: ReservationTerms,
    attempts: readonly Attempt[],
  ): Promise<"repointed" | "closed"> {
    const payee = await this.#rows.payee(terms.provider);
    const [row] = await this.#database.transaction(
      (transaction) =>
        transaction.query<{ outcome: number; available: string; account_name: string }>(
          {
            name: "money-repoint",
            text: `SELECT outcome, available, (SELECT name FROM accounts WHERE id = budget) AS account_name
              FROM repoint_request($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
          },
          [
            hexToBytes(requestId),
            payee,
            hexToBytes(terms.provider),
            terms.providerName,
            hexToBytes(terms.subject),
            hexToBytes(terms.priceId),
            hexToBytes(terms.certificateId),
            terms.amount,
            JSON.stringify(attempts),
          ],
        ),
      {},
    );
    if (row?.outcome === 3) {
      const [account, needed, available] = [row.account_name, terms.amount, BigInt(row.available)];
      throw new AccountsError({ code: "INSUFFICIENT_FUNDS", account, needed, available });
    }
    return row?.outcome === 0 ? "repointed" : "closed";
  }

  async endRelay({ requestId, delivered, attempts, expiresAt }: Parameters<MoneyStore["endRelay"]>[0]): Promise<void> {
    await this.#database.execute(
      {
        name: "money-end-relay",
        text: `UPDATE reservations SET relayed_by = NULL, delivered_digest = $2, delivered_bytes = $3, attempts = $4::json,
          expires_at = least(expires_at, $5) WHERE request_id = $1`,
      },
      [hexToBytes(requestId), hexToBytes(delivered.digest), delivered.bytes, JSON.stringify(attempts), expiresAt],
    );
  }

  async endRelaysOf(relayedBy: string, expiresAt: number): Promise<number> {
    return await this.#database.transaction((transaction) =>
      transaction.execute(
        `UPDATE reservations SET relayed_by = NULL, expires_at = least(expires_at, $2) WHERE request_id IN (
           SELECT request_id FROM reservations WHERE relayed_by = $1 ORDER BY request_id FOR NO KEY UPDATE)`,
        [relayedBy, expiresAt],
      ),
    );
  }

  async settle(request: SettleRequest): Promise<SettleOutcome> {
    return await this.#settles.settle(request);
  }

  async void(request: Parameters<MoneyStore["void"]>[0]): Promise<"voided" | "closed"> {
    return await this.#voids.void(request);
  }

  async expire(now: number, limit: number): Promise<number> {
    return await this.#database.transaction(async (transaction) => {
      const due = await transaction.query<{ request_id: Buffer }>(
        "SELECT request_id FROM reservations WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2",
        [now, limit],
      );
      if (due.length === 0) return 0;
      const [row] = await transaction.query<{ voided: Buffer[] }>(
        "SELECT void_requests($1::bytea[], $2::text[], $3, $4::text[], $2::text[], $5::bigint[]) AS voided",
        [
          due.map(({ request_id }) => request_id),
          due.map(() => null),
          now,
          due.map(() => "RESERVATION_EXPIRED"),
          due.map(() => now),
        ],
      );
      return row?.voided.length ?? 0;
    });
  }

  async forgetVoided(closedBefore: number, limit: number): Promise<number> {
    // Materialized: a subquery that skips locked rows may run again for each row it is compared with, and then exceeds its limit.
    return await this.#database.execute(
      `WITH due AS MATERIALIZED (
         SELECT request_id FROM settlements WHERE state = 'voided' AND closed_at < $1
         ORDER BY closed_at LIMIT $2 FOR UPDATE SKIP LOCKED)
       DELETE FROM settlements USING due WHERE settlements.request_id = due.request_id`,
      [closedBefore, limit],
    );
  }

  async reservations(requestIds: readonly Hex[]): Promise<ReadonlyMap<Hex, SettlementRecord>> {
    const rows = await this.#database.query<SettlementRow>(
      {
        name: "money-by-request",
        text: `${selectReservations} WHERE request_id = ANY($1::bytea[])
          UNION ALL ${selectSettlements} WHERE request_id = ANY($1::bytea[])`,
      },
      [requestIds.map(hexToBytes)],
    );
    return new Map(rows.map(recordFromRow).map((record) => [record.requestId, record]));
  }

  async settlement(id: Hex): Promise<SettlementRecord | undefined> {
    const [row] = await this.#database.query<SettlementRow>(
      {
        name: "money-by-id",
        text: `${selectReservations} WHERE request_id = $1
          UNION ALL ${selectSettlements} WHERE request_id = $1
          UNION ALL ${selectSettlements} WHERE receipt_id = $1`,
      },
      [hexToBytes(id)],
    );
    return row === undefined ? undefined : recordFromRow(row);
  }

  async settlements({
    accountId,
    limit,
    after,
  }: Parameters<MoneyStore["settlements"]>[0]): Promise<SettlementRecord[]> {
    const before = "($1::bigint IS NULL OR (reserved_at, request_id) < ($1, $2::bytea))";
    const order = "ORDER BY reserved_at DESC, request_id DESC LIMIT $3";
    // Each budget's newest first, by its index; for all of them a few rows of each are merged.
    const text = `SELECT page.* FROM accounts AS owner CROSS JOIN LATERAL (
        (${selectReservations} WHERE account = owner.id AND ${before} ${order})
        UNION ALL
        (${selectSettlements} WHERE account = owner.id AND ${before} ${order})
      ) AS page
      WHERE owner.kind = 'budget' AND ($4::text IS NULL OR owner.name = $4) ${order}`;
    const values = [after?.reservedAt ?? null, after ? hexToBytes(after.requestId) : null, limit, accountId ?? null];
    const rows = await this.#database.query<SettlementRow>(text, values);
    return rows.map(recordFromRow);
  }

  async markLogged(receipts: readonly { receiptId: Hex; index: bigint }[]): Promise<void> {
    if (receipts.length === 0) return;
    const places = [receipts.map(({ receiptId }) => hexToBytes(receiptId)), receipts.map(({ index }) => index)];
    // A mark that a crash takes back leaves the event where it was: it is published and marked again.
    await this.#database.transaction(
      (transaction) =>
        transaction.query({ name: "money-mark-logged", text: "SELECT mark_logged($1::bytea[], $2::bigint[])" }, places),
      { durable: false },
    );
  }

  async unlogged(settledBefore: number, limit: number): Promise<UnloggedSettlement[]> {
    const rows = await this.#database.query<{ message_id: Hex; subject: string; payload: Buffer }>(
      "SELECT message_id, subject, payload FROM outbox WHERE settled_at < $1 ORDER BY id LIMIT $2",
      [settledBefore, limit],
    );
    return rows.map(({ message_id, subject, payload }) => ({ receiptId: message_id, subject, payload }));
  }

  /** Waits for the batches under way. */
  async idle(): Promise<void> {
    await Promise.all([this.#reserves.idle(), this.#settles.idle(), this.#voids.idle()]);
  }
}
