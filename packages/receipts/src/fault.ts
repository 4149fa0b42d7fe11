import { DomainError } from "@koinon/errors/domain-error";

/** The documents, files and texts of this package that can be malformed. */
export type Subject =
  | "announcement"
  | "bundle"
  | "certificate"
  | "log-entry"
  | "manifest"
  | "quote"
  | "receipt"
  | "request-id"
  | "trust";

/** Why a document is refused. `field` is a path of member names; `reason` is for people. */
export type ReceiptsFault =
  | { code: "DOCUMENT_MALFORMED"; subject: Subject; field: string; reason: string }
  | { code: "FEE_OUT_OF_RANGE"; fee: bigint };

/** Thrown by the parsers and constructors of this package. */
export class ReceiptsError extends DomainError<ReceiptsFault> {}

/** Throws `DOCUMENT_MALFORMED` unless the rule holds. */
export function assertRule(rule: boolean, subject: Subject, field: string, reason: string): asserts rule {
  if (!rule) throw new ReceiptsError({ code: "DOCUMENT_MALFORMED", subject, field, reason });
}
