import { DomainError } from "@koinon/errors/domain-error";

/** What can go wrong between a chain and its state on disk. Block numbers are decimal. */
export type StateFault =
  /** Bytes on disk are not what was written; the store takes no more commits. */
  | { code: "STATE_CORRUPT"; where: string; reason: string }
  /** The disk is full or refused a write; nothing of the block was stored, and the store takes no more commits. */
  | { code: "STATE_WRITE_FAILED"; reason: string }
  /** An earlier write failed or damage was found; reopen after repair. */
  | { code: "STATE_STOPPED"; reason: string }
  | { code: "STATE_CLOSED" }
  | { code: "STATE_READ_ONLY" }
  | { code: "STATE_NOT_EMPTY" }
  /** The folder was written by another release; the remedy is for the operator. */
  | { code: "STATE_FORMAT_UNSUPPORTED"; format: number; supported: number; remedy: string }
  /** Whether all history is kept is decided when the first block is committed. */
  | { code: "ARCHIVE_MISMATCH"; stored: boolean }
  | { code: "BLOCK_UNKNOWN"; block: string }
  /** The block is older than the history that is kept. */
  | { code: "HISTORY_PRUNED"; block: bigint; oldest: bigint }
  /** A candidate can be committed only on the block it was prepared on, and only once. */
  | {
      code: "CANDIDATE_STALE";
      reason: "committed" | "discarded" | "parent-not-committed" | "parent-not-head" | "parent-hash" | "number";
    }
  | { code: "CHANGES_INVALID"; address: string; reason: string }
  | { code: "CODE_MISSING"; codeHash: string }
  | { code: "KEY_INVALID"; length: number }
  | { code: "TABLE_UNKNOWN"; table: string }
  | { code: "REVERT_TOO_DEEP"; block: bigint; oldest: bigint }
  | { code: "SNAPSHOT_INVALID"; reason: string };

/** Thrown by everything in this package. */
export class StateError extends DomainError<StateFault> {}
