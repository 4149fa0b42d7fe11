import type { Database } from "@koinon/postgres/database";
import { hexToBytes } from "@koinon/secp256k1/hex";
import { plainArray, textArray } from "./array-literal.ts";
import { AccountsError } from "./errors.ts";
import { GroupCommit, type GroupCommitOptions } from "./group-commit.ts";
import type { ReservationRequest } from "./money-store.ts";
import { PackedRecord } from "./packed-record.ts";
import type { AheadReservation } from "./reserve-ahead.ts";
import type { WalFlush } from "./wal-flush.ts";

/** A reservation with the rows that it moves money between. */
export interface PlacedReservation {
  readonly request: ReservationRequest;
  /** Row of the budget. */
  readonly account: bigint;
  /** Row of the provider's account. */
  readonly payee: bigint;
}

interface Item extends PlacedReservation {
  readonly record: Buffer;
}

type Outcome =
  | { readonly outcome: 0 | 1 | 2 }
  /** Decimal micro-credits. */
  | { readonly outcome: 3; readonly available: string };

const recordBytes = 180;

const statementForOne = {
  name: "money-reserve-one",
  text: `SELECT set_config('synchronous_commit', 'off', true),
    reserve_request($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) AS reserved`,
};

const statement = {
  name: "money-reserve",
  text: `SELECT set_config('synchronous_commit', 'off', true), outcomes, available::text[] AS available
    FROM reserve_requests($1, $2::bigint[], $3::bigint[], $4::text[], $5::numeric[], $6::text[], $7::text[], $8::bigint[], $9::text[],
      $10::bigint[], $11::bigint[])`,
};

/** Reserves in batches. What is reserved counts at once for everybody; that it survives a crash of the database is known a flush later. */
export class ReserveLane {
  readonly #database: Database;
  readonly #flush: WalFlush;
  readonly #commits: GroupCommit<Item, Outcome & { durable: Promise<void> }>;

  constructor(options: GroupCommitOptions, dependencies: { database: Database; flush: WalFlush }) {
    this.#database = dependencies.database;
    this.#flush = dependencies.flush;
    this.#commits = new GroupCommit(options, {
      keyOf: ({ request }) => request.requestId,
      apply: async (items) => {
        const outcomes = await this.#apply(items);
        const durable = this.#flush.flush();
        // Whoever cares waits for it; a caller that was refused does not.
        durable.catch(() => undefined);
        return { results: outcomes.map((outcome) => ({ ...outcome, durable })) };
      },
    });
  }

  /** Throws AccountsError INSUFFICIENT_FUNDS, REQUEST_ID_REUSED. */
  async reserve(placed: PlacedReservation): Promise<AheadReservation> {
    const { request } = placed;
    const answer = await this.#commits.submit({ ...placed, record: recordOf(request) });
    const { durable } = answer;
    switch (answer.outcome) {
      case 0:
        return { outcome: "reserved", durable };
      case 1:
        return { outcome: "duplicate", durable };
      case 2:
        throw new AccountsError({ code: "REQUEST_ID_REUSED", requestId: request.requestId });
      case 3: {
        const available = BigInt(answer.available);
        const { accountId: account, amount: needed } = request;
        throw new AccountsError({ code: "INSUFFICIENT_FUNDS", account, needed, available });
      }
    }
  }

  async idle(): Promise<void> {
    await this.#commits.idle();
  }

  async #apply(items: readonly Item[]): Promise<Outcome[]> {
    const [first] = items;
    const alone = items.length === 1 && first !== undefined && (await this.#reserveAlone(first));
    return alone ? [{ outcome: 0 }] : await this.#reserveAll(items);
  }

  /** The short way for a single request; false when it has to go the long one. */
  async #reserveAlone({ request, account, payee }: Item): Promise<boolean> {
    const [row] = await this.#database.query<{ reserved: boolean }>(statementForOne, [
      hexToBytes(request.requestId),
      account,
      payee,
      hexToBytes(request.provider),
      request.providerName,
      hexToBytes(request.subject),
      hexToBytes(request.priceId),
      hexToBytes(request.certificateId),
      request.amount,
      request.model,
      request.endpoint,
      hexToBytes(request.requestDigest),
      request.requestBytes,
      request.relayedBy,
      request.now,
      request.expiresAt,
    ]);
    return row?.reserved === true;
  }

  async #reserveAll(items: readonly Item[]): Promise<Outcome[]> {
    const requests = items.map(({ request }) => request);
    const [row] = await this.#database.query<{ outcomes: number[]; available: (string | null)[] }>(statement, [
      Buffer.concat(items.map(({ record }) => record)),
      plainArray(items.map(({ account }) => account)),
      plainArray(items.map(({ payee }) => payee)),
      textArray(requests.map(({ providerName }) => providerName)),
      plainArray(requests.map(({ amount }) => amount)),
      textArray(requests.map(({ model }) => model)),
      textArray(requests.map(({ endpoint }) => endpoint)),
      plainArray(requests.map(({ requestBytes }) => requestBytes)),
      textArray(requests.map(({ relayedBy }) => relayedBy)),
      plainArray(requests.map(({ now }) => now)),
      plainArray(requests.map(({ expiresAt }) => expiresAt)),
    ]);
    return (row?.outcomes ?? []).map((outcome, place): Outcome => {
      return outcome === 3 ? { outcome, available: row?.available[place] ?? "0" } : { outcome: outcome as 0 | 1 | 2 };
    });
  }
}

function recordOf(request: ReservationRequest): Buffer {
  return new PackedRecord(recordBytes)
    .hex(request.requestId, 32)
    .hex(request.provider, 20)
    .hex(request.subject, 32)
    .hex(request.priceId, 32)
    .hex(request.certificateId, 32)
    .hex(request.requestDigest, 32).bytes;
}
