import type {
  Account as AccountMessage,
  AccountServiceDefinition,
} from "@koinon/contracts/koinon/compute/v1/account_service";
import type { Handlers } from "@koinon/rpc/handler";
import type { Clock } from "@koinon/runtime/clock";
import { hexToBytes } from "@koinon/secp256k1/hex";
import type { Account, MoneyStore } from "../accounts/money-store.ts";
import { MarketError } from "../errors.ts";
import { addressField, amountField, invalidField, textField } from "./field.ts";

const accountIdLengthMax = 64;
const batchMax = 100;
// Room for callers that put the account's id and an id of their own into one.
const requestIdLengthMax = 256;

/** AccountService: decode, call the money store, encode. */
export function createAccountHandlers({
  money,
  clock,
}: {
  money: Pick<MoneyStore, "openAccount" | "deposit" | "account" | "accounts" | "withdraw">;
  clock: Clock;
}): Handlers<AccountServiceDefinition> {
  return {
    async openAccount({ requestId, accountId, consumer, limit }) {
      const account = await money.openAccount({
        requestId: textField(requestId, "request_id", requestIdLengthMax),
        accountId: textField(accountId, "account_id", accountIdLengthMax),
        consumer: addressField(consumer, "consumer"),
        limit: amountField(limit, "limit"),
        now: clock.now(),
      });
      return { account: accountMessage(account) };
    },
    async getAccount({ accountId }) {
      const account = await money.account(textField(accountId, "account_id", accountIdLengthMax));
      if (account === undefined) throw new MarketError({ code: "ACCOUNT_UNKNOWN", account: accountId });
      return { account: accountMessage(account) };
    },
    async batchGetAccounts({ accountIds }) {
      if (accountIds.length > batchMax) throw invalidField("account_ids", `more than ${batchMax}`);
      const ids = accountIds.map((id) => textField(id, "account_ids", accountIdLengthMax));
      return { accounts: (await money.accounts(ids)).map(accountMessage) };
    },
    async withdraw({ requestId, accountId }) {
      const { account, amount } = await money.withdraw({
        requestId: textField(requestId, "request_id", requestIdLengthMax),
        accountId: textField(accountId, "account_id", accountIdLengthMax),
        now: clock.now(),
      });
      return { account: accountMessage(account), amount: amount.toString() };
    },
    async deposit({ requestId, accountId, amount }) {
      const credited = amountField(amount, "amount");
      if (credited === 0n) throw invalidField("amount", "not positive");
      const account = await money.deposit({
        requestId: textField(requestId, "request_id", requestIdLengthMax),
        accountId: textField(accountId, "account_id", accountIdLengthMax),
        amount: credited,
        now: clock.now(),
      });
      return { account: accountMessage(account) };
    },
  };
}

function accountMessage({ accountId, consumer, limit, spent, reserved }: Account): AccountMessage {
  return {
    accountId,
    consumer: hexToBytes(consumer),
    limit: limit.toString(),
    spent: spent.toString(),
    reserved: reserved.toString(),
    available: (limit - spent - reserved).toString(),
  };
}
