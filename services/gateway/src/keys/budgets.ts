import type { Account, AccountServiceDefinition } from "@koinon/contracts/koinon/compute/v1/account_service";
import type { Client } from "@koinon/rpc/handler";
import { hexToBytes } from "@koinon/secp256k1/hex";
import { accountIdOf, type KeyRecord } from "./key-record.ts";
import type { Budget } from "./key-schemas.ts";

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
