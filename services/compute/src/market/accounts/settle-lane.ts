import { invariant } from "@koinon/errors/invariant";
import type { Database } from "@koinon/postgres/database";
import { plainArray, textArray } from "./array-literal.ts";
import { GroupCommit, type GroupCommitOptions } from "./group-commit.ts";
import type { SettleOutcome, SettleRequest } from "./money-store.ts";
import { PackedRecord } from "./packed-record.ts";
import type { WalFlush } from "./wal-flush.ts";

interface Item {
  readonly request: SettleRequest;
  readonly record: Buffer;
}

const recordBytes = 393;

// Committed asynchronously, so that the budget's lock is not held while the disk is written; nobody is told before the flush.
const statement = {
  name: "money-settle",
  text: `SELECT set_config('synchronous_commit', 'off', true), outcomes FROM settle_requests($1, $2, $3::int[], $4::int[], $5::numeric[],
    $6::numeric[], $7::numeric[], $8::boolean[], $9::text[], $10::text[], $11::bigint[])`,
};

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
  readonly #flush: WalFlush;
  readonly #commits: GroupCommit<Item, number>;

  constructor(options: GroupCommitOptions, dependencies: { database: Database; flush: WalFlush }) {
    this.#database = dependencies.database;
    this.#flush = dependencies.flush;
    this.#commits = new GroupCommit(options, {
      keyOf: ({ request }) => request.requestId,
      apply: async (items) => ({ results: await this.#apply(items), durable: this.#flush.flush() }),
    });
  }

  async settle(request: SettleRequest): Promise<SettleOutcome> {
    const outcome = outcomes[await this.#commits.submit({ request, record: recordOf(request) })];
    invariant(outcome !== undefined && outcome !== "fee-above-reservation", "a fee is at most the amount reserved");
    return outcome;
  }

  async idle(): Promise<void> {
    await this.#commits.idle();
  }

  async #apply(items: readonly Item[]): Promise<number[]> {
    const requests = items.map(({ request }) => request);
    const [row] = await this.#database.query<{ outcomes: number[] }>(statement, [
      Buffer.concat(items.map(({ record }) => record)),
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
    ]);
    return row?.outcomes ?? [];
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
