import { DomainError } from "@koinon/errors/domain-error";

/** What the money store refuses. */
export type AccountsFault =
  | { code: "ACCOUNT_UNKNOWN"; account: string }
  /** The account exists with another consumer, or was opened by another request. */
  | { code: "ACCOUNT_EXISTS"; account: string }
  | { code: "INSUFFICIENT_FUNDS"; account: string; needed: bigint; available: bigint }
  /** The same request id came before with other content. */
  | { code: "REQUEST_ID_REUSED"; requestId: string };

/** A refusal of the money store. */
export class AccountsError extends DomainError<AccountsFault> {}
