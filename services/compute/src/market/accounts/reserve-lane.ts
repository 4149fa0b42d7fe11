import type { Database } from "@koinon/postgres/database";
import { hexToBytes } from "@koinon/secp256k1/hex";
import { plainArray, textArray } from "./array-literal.ts";
import { AccountsError } from "./errors.ts";
import { type AppliedBatch, GroupCommit, type GroupCommitOptions } from "./group-commit.ts";
import type { ReservationRequest } from "./money-store.ts";
import { PackedRecord } from "./packed-record.ts";
import { walFlush } from "./wal-flush.ts";

/** A reservation with the rows that it moves money between. */
export interface PlacedReservation {
  readonly request: ReservationRequest;
  /** Row of the budget. */
  readonly account: bigint;
  /** Row of the provider's account. */
  readonly payee: bigint;
}

/** A reservation that was granted, or had been made before. */
export interface MadeReservation {
  readonly outcome: "reserved" | "duplicate";
  /** What the budget has left, in micro-credits, when the store said so. */
  readonly left?: bigint | undefined;
}

type Outcome =
  | { readonly outcome: 0 | 1 | 2; readonly left?: bigint }
  /** Decimal micro-credits. */
  | { readonly outcome: 3; readonly available: string };

const recordBytes = 180;

const statementForOne = {
  name: "money-reserve-one",
  text: `SELECT set_config('synchronous_commit', 'off', true),
    reserve_request($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) AS reserved,
    (SELECT credits_posted - debits_posted - debits_pending FROM accounts WHERE id = $2)::text AS available_before`,
};

const statement = {
  name: "money-reserve",
  text: `SELECT set_config('synchronous_commit', 'off', true), outcomes, available::text[] AS available
    FROM reserve_requests($1, $2::bigint[], $3::bigint[], $4::text[], $5::numeric[], $6::text[], $7::text[], $8::bigint[], $9::text[],
      $10::bigint[], $11::bigint[])`,
};

/** Reserves in batches. */
export class ReserveLane {
  readonly #database: Database;
  readonly #commits: GroupCommit<PlacedReservation, Outcome>;

  constructor(options: GroupCommitOptions, dependencies: { database: Database }) {
    this.#database = dependencies.database;
    this.#commits = new GroupCommit(options, {
      keyOf: ({ request }) => request.requestId,
      apply: (items) => this.#apply(items),
    });
  }

  /** Throws AccountsError INSUFFICIENT_FUNDS, REQUEST_ID_REUSED. */
  async reserve(placed: PlacedReservation): Promise<MadeReservation> {
    const { request } = placed;
    const answer = await this.#commits.submit(placed);
    switch (answer.outcome) {
      case 0:
        return { outcome: "reserved", left: answer.left };
      case 1:
        return { outcome: "duplicate" };
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

  async #apply(items: readonly PlacedReservation[]): Promise<AppliedBatch<Outcome>> {
    const [first] = items;
    const alone = items.length === 1 && first !== undefined ? await this.#reserveAlone(first) : undefined;
    return alone ?? (await this.#reserveAll(items));
  }

  /** The short way for a single request; undefined when it has to go the long one. */
  async #reserveAlone({ request, account, payee }: PlacedReservation): Promise<AppliedBatch<Outcome> | undefined> {
    const values = [
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
    ];
    type Row = { reserved: boolean; available_before: string };
    const { rows, after } = await this.#database.queryThen<Row>(statementForOne, values, walFlush);
    const [row] = rows;
    if (row?.reserved !== true) return undefined;
    return { results: [{ outcome: 0, left: BigInt(row.available_before) - request.amount }], durable: after };
  }

  async #reserveAll(items: readonly PlacedReservation[]): Promise<AppliedBatch<Outcome>> {
    const requests = items.map(({ request }) => request);
    const values = [
      Buffer.concat(requests.map(recordOf)),
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
    ];
    type Row = { outcomes: number[]; available: (string | null)[] };
    const { rows, after } = await this.#database.queryThen<Row>(statement, values, walFlush);
    const [row] = rows;
    const results = (row?.outcomes ?? []).map((outcome, place): Outcome => {
      const available = row?.available[place] ?? "0";
      return outcome === 3 ? { outcome, available } : { outcome: outcome as 0 | 1 | 2 };
    });
    return { results, durable: after };
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
