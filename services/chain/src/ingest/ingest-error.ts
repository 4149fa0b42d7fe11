import { DomainError } from "@koinon/errors/domain-error";
import type { EthereumFault } from "@koinon/ethereum/fault";

/** Why bytes are no transaction that a pool could look at. */
export type IngestRefusal =
  | EthereumFault
  | { code: "TRANSACTION_TOO_LARGE"; length: number; limit: number }
  | { code: "BLOB_TRANSACTION_UNSUPPORTED" };

/** Why a batch was not worked on; nothing is known about its transactions then. */
export type IngestFault =
  | { code: "INGEST_OVERLOADED"; waiting: number }
  | { code: "INGEST_BATCH_TOO_LARGE"; transactions: number; bytes: number }
  | { code: "INGEST_WORKER_CRASHED"; attempts: number }
  | { code: "INGEST_CLOSED" };

/** Thrown by the recovery pool. */
export class IngestError extends DomainError<IngestFault> {}
