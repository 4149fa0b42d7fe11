import { type Account, createAccount } from "./account.ts";
import { applyTransfers, type LedgerView } from "./apply-transfer.ts";
import { LedgerError } from "./fault.ts";
import type { AccountId, TransferId } from "./identifiers.ts";
import type { RecordedTransfer, Transfer } from "./transfer.ts";

/** A ledger in memory: for tests, and the twin that a stored ledger has to agree with. It keeps everything it was ever given. */
export class MemoryLedger implements LedgerView {
  readonly #accounts = new Map<AccountId, Account>();
  readonly #transfers = new Map<TransferId, RecordedTransfer>();

  /** Opens an account; opening it again with the same floor changes nothing, with another one throws ACCOUNT_EXISTS. */
  openAccount(id: AccountId, floor: bigint | null): Account {
    const known = this.#accounts.get(id);
    if (known !== undefined && known.floor !== floor) throw new LedgerError({ code: "ACCOUNT_EXISTS", account: id });
    const account = known ?? createAccount(id, floor);
    this.#accounts.set(id, account);
    return account;
  }

  account(id: AccountId): Account | undefined {
    return this.#accounts.get(id);
  }

  transfer(id: TransferId): RecordedTransfer | undefined {
    return this.#transfers.get(id);
  }

  /** Every account, in the order of opening. */
  accounts(): Account[] {
    return [...this.#accounts.values()];
  }

  /** Every transfer, in the order of being applied first. */
  transfers(): RecordedTransfer[] {
    return [...this.#transfers.values()];
  }

  /** Applies transfers, all or none; "duplicate" when all had been applied before. Throws LedgerError. */
  apply(...transfers: readonly Transfer[]): "applied" | "duplicate" {
    const change = applyTransfers(this, transfers);
    for (const account of change.accounts) this.#accounts.set(account.id, account);
    for (const record of change.transfers) this.#transfers.set(record.transfer.id, record);
    return change.transfers.length === 0 ? "duplicate" : "applied";
  }
}
