import type { Database } from "@koinon/postgres/database";
import { bytesToHex, hexToBytes } from "@koinon/secp256k1/hex";
import { GroupCommit, type GroupCommitOptions } from "./group-commit.ts";
import type { MoneyStore } from "./money-store.ts";
import type { WalFlush } from "./wal-flush.ts";

type VoidRequest = Parameters<MoneyStore["void"]>[0];

const statement = {
  name: "money-void",
  text: `SELECT set_config('synchronous_commit', 'off', true),
    void_requests($1::bytea[], $2::text[], NULL, $3::text[], $4::text[], $5::bigint[]) AS voided`,
};

/** Gives reservations back in batches, answered when that is on disk. */
export class VoidLane {
  readonly #database: Database;
  readonly #flush: WalFlush;
  readonly #commits: GroupCommit<VoidRequest, "voided" | "closed">;

  constructor(options: GroupCommitOptions, dependencies: { database: Database; flush: WalFlush }) {
    this.#database = dependencies.database;
    this.#flush = dependencies.flush;
    this.#commits = new GroupCommit(options, {
      keyOf: ({ requestId }) => requestId,
      apply: async (items) => ({ results: await this.#apply(items), durable: this.#flush.flush() }),
    });
  }

  async void(request: VoidRequest): Promise<"voided" | "closed"> {
    return await this.#commits.submit(request);
  }

  async idle(): Promise<void> {
    await this.#commits.idle();
  }

  async #apply(items: readonly VoidRequest[]): Promise<("voided" | "closed")[]> {
    const [row] = await this.#database.query<{ voided: Buffer[] }>(statement, [
      items.map(({ requestId }) => hexToBytes(requestId)),
      items.map(({ relayedBy }) => relayedBy),
      items.map(({ reason }) => reason),
      items.map(({ attempts }) => JSON.stringify(attempts)),
      items.map(({ now }) => now),
    ]);
    const voided = new Set((row?.voided ?? []).map(bytesToHex));
    return items.map(({ requestId }) => (voided.has(requestId) ? "voided" : "closed"));
  }
}
