import { DomainError } from "@koinon/errors/domain-error";

/** What an audit can find wrong with a log as a whole; what is wrong with an entry is an AuditError of `@koinon/contributions`. */
export type LogFailure =
  | { code: "CHECKPOINT_MALFORMED"; reason: string }
  | { code: "LOG_UNKNOWN"; origin: string }
  | { code: "CHECKPOINT_NOT_SIGNED"; origin: string; reason: string }
  | { code: "TOO_FEW_WITNESSES"; cosigned: number; needed: number }
  | { code: "FILE_MISSING"; file: string }
  | { code: "FILE_MALFORMED"; file: string; reason: string }
  | { code: "TILE_WRONG"; file: string }
  | { code: "ROOT_WRONG"; computed: string; signed: string }
  | { code: "VIEW_WRONG"; difference: string };

/** Thrown when a log does not stand up to the audit. */
export class LogError extends DomainError<LogFailure> {}
