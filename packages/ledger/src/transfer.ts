import type { AccountId, TransferId } from "./identifiers.ts";

/** Moves an amount at once, or sets it aside ("pending") until it is posted or voided. */
export interface OpeningTransfer {
  readonly kind: "immediate" | "pending";
  readonly id: TransferId;
  /** The account that gives. */
  readonly debit: AccountId;
  /** The account that receives. */
  readonly credit: AccountId;
  readonly amount: bigint;
}

/** Posts part or all of a pending transfer; what is left over is released in the same step. */
export interface PostTransfer {
  readonly kind: "post";
  readonly id: TransferId;
  readonly pending: TransferId;
  readonly amount: bigint;
}

/** Releases a pending transfer. */
export interface VoidTransfer {
  readonly kind: "void";
  readonly id: TransferId;
  readonly pending: TransferId;
}

/** What can be asked of the ledger. */
export type Transfer = OpeningTransfer | PostTransfer | VoidTransfer;

/** A transfer that was applied, with what has become of it. */
export interface RecordedTransfer {
  readonly transfer: Transfer;
  /** "pending" until a post or void resolves it; everything else is "final" from the start. */
  readonly state: "pending" | "posted" | "voided" | "final";
}

/** True when two transfers ask for the same. */
export function isSameTransfer(a: Transfer, b: Transfer): boolean {
  switch (a.kind) {
    case "immediate":
    case "pending":
      return (
        a.kind === b.kind && a.id === b.id && a.debit === b.debit && a.credit === b.credit && a.amount === b.amount
      );
    case "post":
      return a.kind === b.kind && a.id === b.id && a.pending === b.pending && a.amount === b.amount;
    case "void":
      return a.kind === b.kind && a.id === b.id && a.pending === b.pending;
  }
}
