import { DomainError } from "@koinon/errors/domain-error";
import type { ErrorStatus } from "./status.ts";

/** A fault as it came over a transport: the code is ErrorInfo.reason, the facts are its metadata. */
export interface RpcFault {
  readonly code: string;
  readonly [fact: string]: string;
}

/** Reasons that the transport itself gives; services do not use them for faults of their own. */
export type TransportReason =
  | "CANCELLED"
  | "DEADLINE_EXCEEDED"
  | "UNAVAILABLE"
  | "OVERLOADED"
  | "DRAINING"
  | "CALLER_REFUSED"
  | "METHOD_UNKNOWN"
  | "MESSAGE_TOO_LARGE"
  | "MESSAGE_MALFORMED"
  | "INTERNAL";

export interface RpcErrorOptions {
  readonly status: ErrorStatus;
  readonly facts?: Readonly<Record<string, string>>;
  /** From RetryInfo: a retry before that many milliseconds is pointless. */
  readonly retryAfterMs?: number;
  /** Text for people from the transport, such as the socket's error; not part of the fault. */
  readonly detail?: string;
  readonly cause?: unknown;
}

/** A failed call, the same over every transport. */
export class RpcError extends DomainError<RpcFault> {
  readonly status: ErrorStatus;
  readonly retryAfterMs: number | undefined;
  readonly detail: string | undefined;

  constructor(reason: string, options: RpcErrorOptions) {
    super({ ...options.facts, code: reason }, options.cause === undefined ? undefined : { cause: options.cause });
    this.status = options.status;
    this.retryAfterMs = options.retryAfterMs;
    this.detail = options.detail;
  }

  /** The facts of the fault as they travelled. */
  get facts(): Readonly<Record<string, string>> {
    const { code: _, ...facts } = this.fault;
    return facts;
  }
}

/** A failure that the transport reports in its own name. */
export function transportError(
  reason: TransportReason,
  options: Omit<RpcErrorOptions, "status"> & { status?: ErrorStatus } = {},
): RpcError {
  return new RpcError(reason, { ...options, status: options.status ?? statusOfReason[reason] });
}

const statusOfReason: Record<TransportReason, ErrorStatus> = {
  CANCELLED: "CANCELLED",
  DEADLINE_EXCEEDED: "DEADLINE_EXCEEDED",
  UNAVAILABLE: "UNAVAILABLE",
  OVERLOADED: "RESOURCE_EXHAUSTED",
  DRAINING: "UNAVAILABLE",
  CALLER_REFUSED: "PERMISSION_DENIED",
  METHOD_UNKNOWN: "UNIMPLEMENTED",
  MESSAGE_TOO_LARGE: "RESOURCE_EXHAUSTED",
  MESSAGE_MALFORMED: "INVALID_ARGUMENT",
  INTERNAL: "INTERNAL",
};
