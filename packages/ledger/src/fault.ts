import { DomainError } from "@koinon/errors/domain-error";
import type { AccountId, TransferId } from "./identifiers.ts";

/** Why the ledger refuses; amounts are micro-credits. */
export type LedgerFault =
  | { code: "INSUFFICIENT_FUNDS"; account: AccountId; needed: bigint; available: bigint }
  | { code: "UNKNOWN_ACCOUNT"; account: AccountId }
  | { code: "ACCOUNT_EXISTS"; account: AccountId }
  | { code: "SAME_ACCOUNT"; account: AccountId }
  | { code: "UNKNOWN_TRANSFER"; transfer: TransferId }
  | { code: "DUPLICATE_TRANSFER"; transfer: TransferId }
  | { code: "NOT_PENDING"; transfer: TransferId; state: "immediate" | "posted" | "voided" }
  | { code: "AMOUNT_OUT_OF_RANGE"; amount: bigint; max: bigint }
  | { code: "BALANCE_OUT_OF_RANGE"; account: AccountId };

/** Thrown by the ledger; nothing has changed when it is thrown. */
export class LedgerError extends DomainError<LedgerFault> {}
