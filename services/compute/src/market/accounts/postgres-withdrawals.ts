import type { Database } from "@koinon/postgres/database";
import { readAccount } from "./account-rows.ts";
import { AccountsError } from "./errors.ts";
import type { Account, MoneyStore, Withdrawal } from "./money-store.ts";

/** Gives what is available of a budget back to issuance, once per request id. */
export async function withdraw(
  database: Database,
  { requestId, accountId, now }: Parameters<MoneyStore["withdraw"]>[0],
): Promise<Withdrawal> {
  return await database.transaction(async (transaction) => {
    const [found] = await transaction.query<{ id: bigint; available: string }>(
      `SELECT id, credits_posted - debits_posted - debits_pending AS available
       FROM accounts WHERE kind = 'budget' AND name = $1 FOR NO KEY UPDATE`,
      [accountId],
    );
    if (found === undefined) throw new AccountsError({ code: "ACCOUNT_UNKNOWN", account: accountId });
    // Twins wait for each other at the budget's row, so the second finds what the first wrote.
    const [written] = await transaction.query<{ amount: string }>(
      `INSERT INTO withdrawals (request_id, account, amount, withdrawn_at) VALUES ($1, $2, $3, $4)
       ON CONFLICT DO NOTHING RETURNING amount`,
      [requestId, found.id, found.available, now],
    );
    if (written === undefined) {
      const [before] = await transaction.query<{ account: bigint; amount: string }>(
        "SELECT account, amount FROM withdrawals WHERE request_id = $1",
        [requestId],
      );
      if (before?.account !== found.id) throw new AccountsError({ code: "REQUEST_ID_REUSED", requestId });
      return { amount: BigInt(before.amount), account: (await readAccount(transaction, accountId)) as Account };
    }
    await transaction.query(
      `SELECT move_balances(ARRAY[$1::bigint], ARRAY[0::numeric], ARRAY[$2::numeric],
         ARRAY(SELECT id FROM accounts WHERE kind = 'issuance'), ARRAY[0::numeric], ARRAY[$2::numeric])`,
      [found.id, written.amount],
    );
    await transaction.execute("UPDATE accounts SET withdrawn = withdrawn + $2 WHERE id = $1", [
      found.id,
      written.amount,
    ]);
    return { amount: BigInt(written.amount), account: (await readAccount(transaction, accountId)) as Account };
  });
}
