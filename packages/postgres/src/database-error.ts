import { DomainError } from "@koinon/errors/domain-error";

/** What can go wrong between a service and its database; `sqlState` is PostgreSQL's five-character code. */
export type DatabaseFault =
  | { code: "DATABASE_UNREACHABLE"; reason: string }
  | { code: "DATABASE_OVERLOADED"; waiting: number }
  | { code: "UNIQUE_VIOLATION"; sqlState: string; table: string; constraint: string }
  | { code: "CONSTRAINT_VIOLATION"; sqlState: string; table: string; constraint: string }
  | { code: "SERIALIZATION_FAILURE"; sqlState: string; attempts: number }
  | { code: "LOCK_TIMEOUT"; sqlState: string }
  | { code: "STATEMENT_TIMEOUT"; sqlState: string }
  | { code: "QUERY_REFUSED"; sqlState: string; reason: string };

/** A failed database operation, with the driver's error as its cause. */
export class DatabaseError extends DomainError<DatabaseFault> {}

/** The fields of a driver error that faults are derived from. */
interface DriverError {
  readonly message: string;
  readonly code?: string;
  readonly table?: string;
  readonly constraint?: string;
}

// Class 08 is "connection exception", 57P0x "operator intervention" other than a cancelled query (PostgreSQL appendix A);
// 53300 is "too many connections", 3D000 a database that does not exist yet.
const unreachableStates = /^(08...|57P0[1-5]|53300)$/;
const unreachableErrnos = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOENT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
]);
// The driver reports a broken or slow connection without any code.
const unreachableMessages = /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered)/;

/** Turns an error thrown by the driver into a DatabaseError; errors that are not the driver's come back unchanged. */
export function databaseErrorFrom(error: unknown): unknown {
  if (error instanceof DomainError || !isDriverError(error)) return error;
  const fault = faultOf(error);
  return fault === undefined ? error : new DatabaseError(fault, { cause: error });
}

// By shape: errors of Node's own sockets belong to another realm wherever code runs in a vm context, as under jest.
function isDriverError(error: unknown): error is DriverError {
  return typeof error === "object" && error !== null && "message" in error && typeof error.message === "string";
}

/** True when running the whole transaction again may succeed: serialization failure (40001) or deadlock (40P01). */
export function isRetryable(error: unknown): boolean {
  return error instanceof DatabaseError && error.fault.code === "SERIALIZATION_FAILURE";
}

function faultOf(error: DriverError): DatabaseFault | undefined {
  const code = error.code ?? "";
  if (unreachableErrnos.has(code) || unreachableStates.test(code) || unreachableMessages.test(error.message)) {
    return { code: "DATABASE_UNREACHABLE", reason: code === "" ? error.message : `${code}: ${error.message}` };
  }
  if (!/^[0-9A-Z]{5}$/.test(code)) return undefined;
  const where = { sqlState: code, table: error.table ?? "", constraint: error.constraint ?? "" };
  switch (code) {
    case "23505":
      return { code: "UNIQUE_VIOLATION", ...where };
    case "40001":
    case "40P01":
      return { code: "SERIALIZATION_FAILURE", sqlState: code, attempts: 1 };
    case "55P03":
      return { code: "LOCK_TIMEOUT", sqlState: code };
    case "57014":
      return { code: "STATEMENT_TIMEOUT", sqlState: code };
    default:
      if (code.startsWith("23")) return { code: "CONSTRAINT_VIOLATION", ...where };
      return { code: "QUERY_REFUSED", sqlState: code, reason: error.message };
  }
}
