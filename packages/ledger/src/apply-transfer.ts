import { type Account, amountMax, type Movement, moveAccount } from "./account.ts";
import { LedgerError } from "./fault.ts";
import type { AccountId, TransferId } from "./identifiers.ts";
import {
  isSameTransfer,
  type OpeningTransfer,
  type PostTransfer,
  type RecordedTransfer,
  type Transfer,
  type VoidTransfer,
} from "./transfer.ts";

/** What has to be known of the ledger to apply transfers: a store loads and locks these rows. */
export interface LedgerView {
  account(id: AccountId): Account | undefined;
  transfer(id: TransferId): RecordedTransfer | undefined;
}

/** Rows to write, each once, with their new content. Empty when everything had been applied before. */
export interface LedgerChange {
  readonly accounts: readonly Account[];
  readonly transfers: readonly RecordedTransfer[];
}

/**
 * Applies transfers in order, all or none. A transfer that was applied before with the same content changes nothing, so that
 * retrying is safe. Throws LedgerError; pure: the view is not changed.
 */
export function applyTransfers(view: LedgerView, transfers: readonly Transfer[]): LedgerChange {
  const accounts = new Map<AccountId, Account>();
  const records = new Map<TransferId, RecordedTransfer>();
  const overlay: LedgerView = {
    account: (id) => accounts.get(id) ?? view.account(id),
    transfer: (id) => records.get(id) ?? view.transfer(id),
  };
  for (const transfer of transfers) {
    const change = applyTransfer(overlay, transfer);
    for (const account of change.accounts) accounts.set(account.id, account);
    for (const record of change.transfers) records.set(record.transfer.id, record);
  }
  return { accounts: [...accounts.values()], transfers: [...records.values()] };
}

/** Applies one transfer; see `applyTransfers`. */
export function applyTransfer(view: LedgerView, transfer: Transfer): LedgerChange {
  const known = view.transfer(transfer.id);
  if (known !== undefined) {
    if (isSameTransfer(known.transfer, transfer)) return { accounts: [], transfers: [] };
    throw new LedgerError({ code: "DUPLICATE_TRANSFER", transfer: transfer.id });
  }
  switch (transfer.kind) {
    case "immediate":
    case "pending":
      return open(view, transfer);
    case "post":
    case "void":
      return resolve(view, transfer);
  }
}

function open(view: LedgerView, transfer: OpeningTransfer): LedgerChange {
  const { kind, debit, credit, amount } = transfer;
  assertAmount(amount, amountMax);
  if (debit === credit) throw new LedgerError({ code: "SAME_ACCOUNT", account: debit });
  const accounts =
    kind === "immediate"
      ? move(view, transfer, { debitsPosted: amount }, { creditsPosted: amount })
      : move(view, transfer, { debitsPending: amount }, { creditsPending: amount });
  return { accounts, transfers: [{ transfer, state: kind === "pending" ? "pending" : "final" }] };
}

function resolve(view: LedgerView, transfer: PostTransfer | VoidTransfer): LedgerChange {
  const opened = pendingOf(view, transfer.pending);
  const posted = transfer.kind === "post" ? transfer.amount : 0n;
  assertAmount(posted, opened.amount);
  const accounts = move(
    view,
    opened,
    { debitsPending: -opened.amount, debitsPosted: posted },
    { creditsPending: -opened.amount, creditsPosted: posted },
  );
  return {
    accounts,
    transfers: [
      { transfer, state: "final" },
      { transfer: opened, state: transfer.kind === "post" ? "posted" : "voided" },
    ],
  };
}

function pendingOf(view: LedgerView, id: TransferId): OpeningTransfer {
  const record = view.transfer(id);
  if (record === undefined) throw new LedgerError({ code: "UNKNOWN_TRANSFER", transfer: id });
  const { transfer, state } = record;
  if (transfer.kind !== "pending" || state !== "pending") {
    throw new LedgerError({
      code: "NOT_PENDING",
      transfer: id,
      state: state === "posted" || state === "voided" ? state : "immediate",
    });
  }
  return transfer;
}

/** The one place where balances change: always two accounts, by the same amounts. */
function move(view: LedgerView, { debit, credit }: OpeningTransfer, given: Movement, received: Movement): Account[] {
  return [moveAccount(accountOf(view, debit), given), moveAccount(accountOf(view, credit), received)];
}

function accountOf(view: LedgerView, id: AccountId): Account {
  const account = view.account(id);
  if (account === undefined) throw new LedgerError({ code: "UNKNOWN_ACCOUNT", account: id });
  return account;
}

function assertAmount(amount: bigint, max: bigint): void {
  if (amount < 0n || amount > max) throw new LedgerError({ code: "AMOUNT_OUT_OF_RANGE", amount, max });
}
