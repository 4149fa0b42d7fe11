import { invariant } from "@koinon/errors/invariant";
import type { Database } from "@koinon/postgres/database";
import { hexToBytes } from "@koinon/secp256k1/hex";
import { plainArray, textArray } from "./array-literal.ts";
import { type AppliedBatch, GroupCommit, type GroupCommitOptions } from "./group-commit.ts";
import type { SettleOutcome, SettleRequest } from "./money-store.ts";
import { PackedRecord } from "./packed-record.ts";
import { walFlush } from "./wal-flush.ts";

const recordBytes = 393;

// Committed asynchronously, so that the budget's lock is not held while the disk is written; nobody is told before the flush.
const statement = {
  name: "money-settle",
  text: `SELECT set_config('synchronous_commit', 'off', true), outcomes FROM settle_requests($1, $2, $3::int[], $4::int[], $5::numeric[],
    $6::numeric[], $7::numeric[], $8::boolean[], $9::text[], $10::text[], $11::bigint[])`,
};

const statementForOne = {
  name: "money-settle-one",
  text: `SELECT set_config('synchronous_commit', 'off', true), settle_request($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,
    $15, $16, $17, $18) AS settled`,
};

const settled = 0;

const outcomes: readonly (SettleOutcome | "fee-above-reservation")[] = [
  "settled",
  "duplicate",
  "predecessor-missing",
  "chain-broken",
  "settled-otherwise",
  "repointed",
  "voided",
  "unknown-request",
  "fee-above-reservation",
];

/** Settles in batches: budget, provider, settlement, session and event in one commit, answered when it is on disk. */
export class SettleLane {
  readonly #database: Database;
  readonly #commits: GroupCommit<SettleRequest, number>;

  constructor(options: GroupCommitOptions, dependencies: { database: Database }) {
    this.#database = dependencies.database;
    this.#commits = new GroupCommit(options, {
      keyOf: (request) => request.requestId,
      apply: (requests) => this.#apply(requests),
    });
  }

  async settle(request: SettleRequest): Promise<SettleOutcome> {
    const outcome = outcomes[await this.#commits.submit(request)];
    invariant(outcome !== undefined && outcome !== "fee-above-reservation", "a fee is at most the amount reserved");
    return outcome;
  }

  /** Receipts that are not answered yet. */
  get open(): number {
    return this.#commits.open;
  }

  /** Resolves when what was handed in before the call is settled or refused. */
  async flush(): Promise<void> {
    await this.#commits.flush();
  }

  async idle(): Promise<void> {
    await this.#commits.idle();
  }

  async #apply(requests: readonly SettleRequest[]): Promise<AppliedBatch<number>> {
    const [first] = requests;
    const alone = requests.length === 1 && first !== undefined ? await this.#settleAlone(first) : undefined;
    return alone ?? (await this.#settleAll(requests));
  }

  /** The short way for a single receipt; undefined when it has to go the long one. */
  async #settleAlone(request: SettleRequest): Promise<AppliedBatch<number> | undefined> {
    const { receipt, signedBy, event } = request;
    const openings = [receipt.input.blinding, receipt.input.digest, receipt.output.blinding, receipt.output.digest];
    const values = [
      hexToBytes(request.requestId),
      hexToBytes(request.provider),
      hexToBytes(request.priceId),
      hexToBytes(request.receiptId),
      hexToBytes(request.session),
      request.sequence,
      hexToBytes(request.previous),
      hexToBytes(signedBy.key),
      signedBy.epoch,
      request.fee,
      receipt.content,
      receipt.signature,
      Buffer.concat(openings.map(hexToBytes)),
      request.relayed,
      JSON.stringify(request.attempts),
      event.subject,
      event.payload,
      request.now,
    ];
    const { rows, after } = await this.#database.queryThen<{ settled: boolean }>(statementForOne, values, walFlush);
    return rows[0]?.settled === true ? { results: [settled], durable: after } : undefined;
  }

  async #settleAll(requests: readonly SettleRequest[]): Promise<AppliedBatch<number>> {
    const values = [
      Buffer.concat(requests.map(recordOf)),
      Buffer.concat(requests.flatMap(({ receipt, event }) => [receipt.content, event.payload])),
      plainArray(requests.map(({ receipt }) => receipt.content.length)),
      plainArray(requests.map(({ event }) => event.payload.length)),
      plainArray(requests.map(({ sequence }) => sequence)),
      plainArray(requests.map(({ signedBy }) => signedBy.epoch)),
      plainArray(requests.map(({ fee }) => fee)),
      plainArray(requests.map(({ relayed }) => relayed)),
      textArray(requests.map(({ attempts }) => JSON.stringify(attempts))),
      textArray(requests.map(({ event }) => event.subject)),
      plainArray(requests.map(({ now }) => now)),
    ];
    const { rows, after } = await this.#database.queryThen<{ outcomes: number[] }>(statement, values, walFlush);
    return { results: rows[0]?.outcomes ?? [], durable: after };
  }
}

function recordOf({
  requestId,
  provider,
  priceId,
  receiptId,
  session,
  previous,
  signedBy,
  receipt,
}: SettleRequest): Buffer {
  return new PackedRecord(recordBytes)
    .hex(requestId, 32)
    .hex(provider, 20)
    .hex(priceId, 32)
    .hex(receiptId, 32)
    .hex(session, 32)
    .hex(previous, 32)
    .hex(signedBy.key, 20)
    .raw(receipt.signature, 65)
    .hex(receipt.input.blinding, 32)
    .hex(receipt.input.digest, 32)
    .hex(receipt.output.blinding, 32)
    .hex(receipt.output.digest, 32).bytes;
}
