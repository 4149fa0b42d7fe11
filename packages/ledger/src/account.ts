import { LedgerError } from "./fault.ts";
import type { AccountId } from "./identifiers.ts";

/** An account with its totals, which only ever change by transfers. */
export interface Account {
  readonly id: AccountId;
  /** `available` never falls below this; null for an account that may owe without limit, such as the issuer of credits. */
  readonly floor: bigint | null;
  readonly debitsPending: bigint;
  readonly debitsPosted: bigint;
  readonly creditsPending: bigint;
  readonly creditsPosted: bigint;
}

/** Totals and amounts stay below 2^128, which is what a receipt's fee can hold. */
export const amountMax = 2n ** 128n - 1n;

/** An account without transfers. */
export function createAccount(id: AccountId, floor: bigint | null): Account {
  return { id, floor, debitsPending: 0n, debitsPosted: 0n, creditsPending: 0n, creditsPosted: 0n };
}

/** What the account can still give: posted credits less posted debits and less what is set aside. Credits that are pending do not count. */
export function availableOf({ creditsPosted, debitsPosted, debitsPending }: Account): bigint {
  return creditsPosted - debitsPosted - debitsPending;
}

/** Changes of an account's totals. */
export type Movement = Partial<Record<"debitsPending" | "debitsPosted" | "creditsPending" | "creditsPosted", bigint>>;

/** The account after a movement; throws INSUFFICIENT_FUNDS when that takes it below its floor, BALANCE_OUT_OF_RANGE beyond `amountMax`. */
export function moveAccount(account: Account, movement: Movement): Account {
  const moved: Account = {
    ...account,
    debitsPending: account.debitsPending + (movement.debitsPending ?? 0n),
    debitsPosted: account.debitsPosted + (movement.debitsPosted ?? 0n),
    creditsPending: account.creditsPending + (movement.creditsPending ?? 0n),
    creditsPosted: account.creditsPosted + (movement.creditsPosted ?? 0n),
  };
  const totals = [moved.debitsPending, moved.debitsPosted, moved.creditsPending, moved.creditsPosted];
  if (totals.some((total) => total < 0n || total > amountMax)) {
    throw new LedgerError({ code: "BALANCE_OUT_OF_RANGE", account: account.id });
  }
  const before = availableOf(account);
  const after = availableOf(moved);
  // A movement that takes nothing is allowed whatever the balance: releasing must not fail.
  if (account.floor !== null && after < account.floor && after < before) {
    const available = before - account.floor;
    throw new LedgerError({ code: "INSUFFICIENT_FUNDS", account: account.id, needed: before - after, available });
  }
  return moved;
}
