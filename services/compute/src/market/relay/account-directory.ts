import type { Address } from "@koinon/secp256k1/address";
import type { MoneyStore } from "../accounts/money-store.ts";
import { MarketError } from "../errors.ts";
import { RecentMap } from "../recent-map.ts";

/** Knows which consumer an account stands for. That never changes, so it is read once per account and process. */
export class AccountDirectory {
  readonly #money: Pick<MoneyStore, "account">;
  readonly #consumers: RecentMap<string, Address>;

  constructor(options: { accountsMax: number }, dependencies: { money: Pick<MoneyStore, "account"> }) {
    this.#consumers = new RecentMap({ entriesMax: options.accountsMax });
    this.#money = dependencies.money;
  }

  /** The address that receipts name; throws MarketError `ACCOUNT_UNKNOWN`. */
  async consumerOf(accountId: string): Promise<Address> {
    const known = this.#consumers.get(accountId);
    if (known !== undefined) return known;
    const account = await this.#money.account(accountId);
    if (account === undefined) throw new MarketError({ code: "ACCOUNT_UNKNOWN", account: accountId });
    this.#consumers.set(accountId, account.consumer);
    return account.consumer;
  }
}
