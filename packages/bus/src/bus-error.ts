import { DomainError } from "@koinon/errors/domain-error";

/** What a bus refuses or fails with. */
export type BusFault =
  | { code: "BUS_UNREACHABLE"; reason: string }
  | { code: "BUS_OVERLOADED"; durable: string; queued: number }
  | { code: "BUS_CLOSED" }
  | { code: "CREDENTIALS_INVALID"; reason: string }
  | { code: "PREFIX_INVALID"; prefix: string }
  | { code: "SUBJECT_INVALID"; subject: string }
  | { code: "DURABLE_INVALID"; durable: string }
  | { code: "DURABLE_CONFLICT"; durable: string; subject: string; existing: string }
  | { code: "EVENT_TOO_LARGE"; sizeBytes: number; limitBytes: number };

export class BusError extends DomainError<BusFault> {}

/** Thrown by a handler for an event that no redelivery can help: it goes to the dead letters at once. */
export class PoisonMessage extends DomainError<{ code: "POISON_MESSAGE"; reason: string }> {}
