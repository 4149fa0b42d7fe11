import type { Database } from "@koinon/postgres/database";
import type { Queryable } from "@koinon/postgres/sql";
import { bytesToHex, hexToBytes } from "@koinon/secp256k1/hex";
import { readAccount } from "./account-rows.ts";
import { AccountsError } from "./errors.ts";
import type { Account, MoneyStore } from "./money-store.ts";

interface DepositRow {
  account_name: string;
  consumer: Buffer;
  amount: string;
  opening: boolean;
}

/** Opens a budget and credits its limit, once per request id. */
export async function openAccount(
  database: Database,
  { requestId, accountId, consumer, limit, now }: Parameters<MoneyStore["openAccount"]>[0],
): Promise<Account> {
  return await database.transaction(async (transaction) => {
    const [opened] = await transaction.query<{ id: bigint }>(
      "INSERT INTO accounts (kind, name, consumer) VALUES ('budget', $1, $2) ON CONFLICT DO NOTHING RETURNING id",
      [accountId, hexToBytes(consumer)],
    );
    const deposit = { requestId, amount: limit, opening: true, now };
    const before = await recordedDeposit(transaction, requestId);
    if (opened === undefined) {
      if (before === undefined) throw new AccountsError({ code: "ACCOUNT_EXISTS", account: accountId });
      const same =
        before.opening &&
        before.account_name === accountId &&
        bytesToHex(before.consumer) === consumer &&
        BigInt(before.amount) === limit;
      if (!same) throw new AccountsError({ code: "REQUEST_ID_REUSED", requestId });
    } else {
      if (before !== undefined) throw new AccountsError({ code: "REQUEST_ID_REUSED", requestId });
      await credit(transaction, opened.id, deposit);
    }
    return (await readAccount(transaction, accountId)) as Account;
  });
}

/** Adds to a budget, once per request id. */
export async function deposit(
  database: Database,
  { requestId, accountId, amount, now }: Parameters<MoneyStore["deposit"]>[0],
): Promise<Account> {
  return await database.transaction(async (transaction) => {
    const [found] = await transaction.query<{ id: bigint }>(
      "SELECT id FROM accounts WHERE kind = 'budget' AND name = $1 FOR NO KEY UPDATE",
      [accountId],
    );
    const before = await recordedDeposit(transaction, requestId);
    if (before === undefined) {
      if (found === undefined) throw new AccountsError({ code: "ACCOUNT_UNKNOWN", account: accountId });
      await credit(transaction, found.id, { requestId, amount, opening: false, now });
    } else if (before.opening || before.account_name !== accountId || BigInt(before.amount) !== amount) {
      throw new AccountsError({ code: "REQUEST_ID_REUSED", requestId });
    }
    return (await readAccount(transaction, accountId)) as Account;
  });
}

async function recordedDeposit(transaction: Queryable, requestId: string): Promise<DepositRow | undefined> {
  const [row] = await transaction.query<DepositRow>(
    `SELECT accounts.name AS account_name, accounts.consumer, amount, opening
     FROM deposits JOIN accounts ON accounts.id = account WHERE request_id = $1`,
    [requestId],
  );
  return row;
}

async function credit(
  transaction: Queryable,
  account: bigint,
  { requestId, amount, opening, now }: { requestId: string; amount: bigint; opening: boolean; now: number },
): Promise<void> {
  // A request that comes twice at the same moment waits here for its twin and then finds the id taken.
  const written = await transaction.execute(
    `INSERT INTO deposits (request_id, account, amount, opening, deposited_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
    [requestId, account, amount, opening, now],
  );
  if (written === 0) throw new AccountsError({ code: "REQUEST_ID_REUSED", requestId });
  await transaction.query(
    `SELECT move_balances(ARRAY(SELECT id FROM accounts WHERE kind = 'issuance'), ARRAY[0::numeric], ARRAY[$2::numeric],
       ARRAY[$1::bigint], ARRAY[0::numeric], ARRAY[$2::numeric])`,
    [account, amount],
  );
}
