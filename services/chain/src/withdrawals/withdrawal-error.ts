import { DomainError } from "@koinon/errors/domain-error";

/** Why a withdrawal is not queued, or not found. Codes are API. */
export type WithdrawalFault =
  /** The request id was used for another address or amount. */
  | { code: "WITHDRAWAL_MISMATCH"; index: bigint }
  | { code: "WITHDRAWAL_QUEUE_FULL"; limit: number }
  | { code: "WITHDRAWAL_UNKNOWN" };

/** Thrown by the queue of withdrawals. */
export class WithdrawalError extends DomainError<WithdrawalFault> {}
