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

/** What is wrong, in words. */
export function describeLogFailure(failure: LogFailure): string {
  switch (failure.code) {
    case "CHECKPOINT_MALFORMED":
      return `the checkpoint can not be read: ${failure.reason}`;
    case "LOG_UNKNOWN":
      return `the trust file does not name the log ${failure.origin}`;
    case "CHECKPOINT_NOT_SIGNED":
      return `the checkpoint is not signed by the log ${failure.origin}: ${failure.reason}`;
    case "TOO_FEW_WITNESSES":
      return `${failure.cosigned} trusted witnesses cosigned the checkpoint, ${failure.needed} are needed`;
    case "FILE_MISSING":
      return `the log does not have its file ${failure.file}`;
    case "FILE_MALFORMED":
      return `the log's file ${failure.file} can not be read: ${failure.reason}`;
    case "TILE_WRONG":
      return `the tile ${failure.file} does not follow from the entries`;
    case "ROOT_WRONG":
      return `the root of the entries is ${failure.computed}, the signed one is ${failure.signed}`;
    case "VIEW_WRONG":
      return `what the network says of contributions does not follow from the log: ${failure.difference}`;
  }
}

/** Thrown when a log does not stand up to the audit. */
export class LogError extends DomainError<LogFailure> {}
