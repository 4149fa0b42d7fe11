import type { Account, AccountServiceDefinition } from "@koinon/contracts/koinon/compute/v1/account_service";
import type { Client } from "@koinon/rpc/handler";
import { hexToBytes } from "@koinon/secp256k1/hex";
import { accountIdOf, type KeyRecord } from "./key-record.ts";
import type { Budget, Withdrawal } from "./key-schemas.ts";

/** The budgets of keys, which the market keeps. */
export class Budgets {
  readonly #accounts: Client<AccountServiceDefinition>;

  constructor(dependencies: { readonly accounts: Client<AccountServiceDefinition> }) {
    this.#accounts = dependencies.accounts;
  }

  /** Opens a key's account with its budget; opening it again changes nothing. */
  async open(key: KeyRecord, signal?: AbortSignal): Promise<Budget> {
    const accountId = accountIdOf(key.id);
    const { account } = await this.#accounts.openAccount(
      { requestId: `open_${accountId}`, accountId, consumer: hexToBytes(key.consumer), limit: key.budget.toString() },
      bounds(signal),
    );
    return budgetOf(account);
  }

  async get(keyId: string, signal?: AbortSignal): Promise<Budget> {
    const { account } = await this.#accounts.getAccount({ accountId: accountIdOf(keyId) }, bounds(signal));
    return budgetOf(account);
  }

  /** Budgets by key, of at most 100 keys; those that have none are left out. */
  async getAll(keyIds: readonly string[], signal?: AbortSignal): Promise<ReadonlyMap<string, Budget>> {
    if (keyIds.length === 0) return new Map();
    const byAccount = new Map(keyIds.map((id) => [accountIdOf(id), id]));
    const { accounts } = await this.#accounts.batchGetAccounts({ accountIds: [...byAccount.keys()] }, bounds(signal));
    return new Map(accounts.map((account) => [byAccount.get(account.accountId) ?? "", budgetOf(account)]));
  }

  /** Takes back what is available of a budget; the same request id takes once per key. */
  async withdraw(keyId: string, requestId: string, signal?: AbortSignal): Promise<Withdrawal> {
    const accountId = accountIdOf(keyId);
    const { account, amount } = await this.#accounts.withdraw(
      { requestId: `withdraw_${accountId}_${requestId}`, accountId },
      bounds(signal),
    );
    return { withdrawn: amount, budget: budgetOf(account) };
  }

  /** Adds to a budget; the same request id adds once per key. */
  async deposit(keyId: string, amount: string, requestId: string, signal?: AbortSignal): Promise<Budget> {
    const accountId = accountIdOf(keyId);
    const { account } = await this.#accounts.deposit(
      { requestId: `deposit_${accountId}_${requestId}`, accountId, amount },
      bounds(signal),
    );
    return budgetOf(account);
  }
}

function bounds(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

function budgetOf(account: Account | undefined): Budget {
  if (account === undefined) throw new TypeError("the market answered without an account");
  const { limit, spent, reserved, available } = account;
  return { limit, spent, reserved, available };
}
