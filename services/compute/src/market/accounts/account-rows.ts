import type { Database } from "@koinon/postgres/database";
import type { Queryable } from "@koinon/postgres/sql";
import type { Address } from "@koinon/secp256k1/address";
import { bytesToHex } from "@koinon/secp256k1/hex";
import { RecentMap } from "../recent-map.ts";
import type { Account } from "./money-store.ts";

const cached = { entriesMax: 50_000 };

interface AccountRow {
  name: string;
  consumer: Buffer;
  credited: string;
  spent: string;
  reserved: string;
}

/** Row numbers of accounts, which never change once given; the most recently learnt are kept. */
export class AccountRows {
  readonly #database: Database;
  readonly #budgets = new RecentMap<string, bigint>(cached);
  readonly #payees = new RecentMap<Address, bigint>(cached);

  constructor(dependencies: { database: Database }) {
    this.#database = dependencies.database;
  }

  /** The row of a budget; undefined when there is none. */
  async budget(accountId: string): Promise<bigint | undefined> {
    const known = this.#budgets.get(accountId);
    if (known !== undefined) return known;
    const row = await findAccount(this.#database, "budget", accountId);
    if (row !== undefined) this.#budgets.set(accountId, row);
    return row;
  }

  /** The row of a provider's account, made when it is the first time that this provider is to be paid. */
  async payee(provider: Address): Promise<bigint> {
    const known = this.#payees.get(provider);
    if (known !== undefined) return known;
    const row = (await findAccount(this.#database, "provider", provider)) ?? (await this.#openPayee(provider));
    this.#payees.set(provider, row);
    return row;
  }

  async #openPayee(provider: Address): Promise<bigint> {
    const insert = "INSERT INTO accounts (kind, name) VALUES ('provider', $1) ON CONFLICT DO NOTHING";
    await this.#database.execute(insert, [provider]);
    return (await findAccount(this.#database, "provider", provider)) as bigint;
  }
}

/** A budget as it is now. */
export async function readAccount(queryable: Queryable, accountId: string): Promise<Account | undefined> {
  return (await readAccounts(queryable, [accountId]))[0];
}

/** Budgets as they are at one moment; those that do not exist are left out. */
export async function readAccounts(queryable: Queryable, accountIds: readonly string[]): Promise<Account[]> {
  const rows = await queryable.query<AccountRow>(
    {
      name: "money-accounts",
      text: `SELECT name, consumer, credits_posted - withdrawn AS credited, debits_posted - withdrawn AS spent, debits_pending AS reserved
        FROM accounts WHERE kind = 'budget' AND name = ANY($1::text[])`,
    },
    [accountIds],
  );
  return rows.map(({ name, consumer, credited, spent, reserved }) => ({
    accountId: name,
    consumer: bytesToHex(consumer),
    limit: BigInt(credited),
    spent: BigInt(spent),
    reserved: BigInt(reserved),
  }));
}

async function findAccount(
  queryable: Queryable,
  kind: "budget" | "provider",
  name: string,
): Promise<bigint | undefined> {
  const [row] = await queryable.query<{ id: bigint }>(
    { name: "money-account-row", text: "SELECT id FROM accounts WHERE kind = $1 AND name = $2" },
    [kind, name],
  );
  return row?.id;
}
