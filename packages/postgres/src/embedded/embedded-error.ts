import { DomainError } from "@koinon/errors/domain-error";

/** Why an embedded server does not run. */
export type EmbeddedPostgresFault =
  | { code: "POSTGRES_NOT_INSTALLED"; package: string }
  | { code: "POSTGRES_USER_MISSING"; user: string; reason: string }
  | { code: "FOLDER_NOT_TRAVERSABLE"; folder: string; user: string; needed: string }
  | { code: "INITDB_FAILED"; folder: string; output: string }
  | { code: "POSTGRES_START_FAILED"; folder: string; output: string }
  | { code: "POSTGRES_STOP_FAILED"; folder: string; pid: number };

/** A failure around the embedded server, naming the folder it concerns. */
export class EmbeddedPostgresError extends DomainError<EmbeddedPostgresFault> {}
