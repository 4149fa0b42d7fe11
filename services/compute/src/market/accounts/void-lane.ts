import type { Database } from "@koinon/postgres/database";
import { bytesToHex, hexToBytes } from "@koinon/secp256k1/hex";
import { type AppliedBatch, GroupCommit, type GroupCommitOptions } from "./group-commit.ts";
import type { MoneyStore } from "./money-store.ts";
import { walFlush } from "./wal-flush.ts";

type VoidRequest = Parameters<MoneyStore["void"]>[0];

const statement = {
  name: "money-void",
  text: `SELECT set_config('synchronous_commit', 'off', true),
    void_requests($1::bytea[], $2::text[], NULL, $3::text[], $4::text[], $5::bigint[]) AS voided`,
};

/** Gives reservations back in batches, answered when that is on disk. */
export class VoidLane {
  readonly #database: Database;
  readonly #commits: GroupCommit<VoidRequest, "voided" | "closed">;

  constructor(options: GroupCommitOptions, dependencies: { database: Database }) {
    this.#database = dependencies.database;
    this.#commits = new GroupCommit(options, {
      keyOf: ({ requestId }) => requestId,
      apply: (items) => this.#apply(items),
    });
  }

  async void(request: VoidRequest): Promise<"voided" | "closed"> {
    return await this.#commits.submit(request);
  }

  async idle(): Promise<void> {
    await this.#commits.idle();
  }

  async #apply(items: readonly VoidRequest[]): Promise<AppliedBatch<"voided" | "closed">> {
    const values = [
      items.map(({ requestId }) => hexToBytes(requestId)),
      items.map(({ relayedBy }) => relayedBy),
      items.map(({ reason }) => reason),
      items.map(({ attempts }) => JSON.stringify(attempts)),
      items.map(({ now }) => now),
    ];
    const { rows, after } = await this.#database.queryThen<{ voided: Buffer[] }>(statement, values, walFlush);
    const voided = new Set((rows[0]?.voided ?? []).map(bytesToHex));
    const results = items.map(({ requestId }) => (voided.has(requestId) ? "voided" : "closed"));
    return { results, durable: after };
  }
}
