import { DomainError } from "@koinon/errors/domain-error";
import type { RuleViolation } from "./receipt-rules.ts";

/** What an audit finds wrong with a log; `index` is the entry's. */
export type AuditFault =
  | { code: "ENTRY_MALFORMED"; index: bigint }
  | { code: "ENTRY_REPEATED"; index: bigint; first: bigint }
  | { code: "SIGNATURE_MALFORMED"; index: bigint }
  | { code: "KEY_NOT_LOGGED"; index: bigint; key: string }
  | { code: "QUOTE_NOT_LOGGED"; index: bigint; priceId: string }
  | { code: "RULE_BROKEN"; index: bigint; rule: RuleViolation }
  | { code: "SESSION_BROKEN"; index: bigint; session: string; place: "early" | "conflict" };

/** Thrown for the first entry that does not belong in a log. */
export class AuditError extends DomainError<AuditFault> {}
