import { Metadata } from "@grpc/grpc-js";
import type { Cancellation } from "./channel.ts";
import { asBuffer } from "./grpc-metadata.ts";
import { RpcError, type TransportReason, transportError } from "./rpc-error.ts";
import { type ErrorStatus, errorStatusFromCode, statusCodes } from "./status.ts";
import { decodeRpcError, encodeRpcError } from "./status-details.ts";

const detailsTrailer = "grpc-status-details-bin";

/** An error in the shape that grpc-js takes on servers. */
export interface GrpcFailure extends Error {
  readonly code: number;
  readonly details: string;
  readonly metadata: Metadata;
}

/** The failure a gRPC server answers with: status, and google.rpc.Status in the trailer. */
export function grpcFailureFromRpcError(error: RpcError): GrpcFailure {
  const metadata = new Metadata();
  metadata.set(detailsTrailer, asBuffer(encodeRpcError(error)));
  return Object.assign(new Error(error.code), { code: statusCodes[error.status], details: error.code, metadata });
}

/** What a call that failed on the client knows about itself. */
export interface FailedCall {
  readonly path: string;
  /** Set when this side gave the call up. */
  readonly cancelled: Cancellation | undefined;
  readonly expired: boolean;
}

/** The RpcError of a failure that grpc-js reports to a client; a failure without details is the transport's own. */
export function rpcErrorFromGrpc(
  failure: { code: number; details: string; metadata?: Metadata | null },
  call: FailedCall,
): RpcError {
  const detail = failure.details;
  const [bytes] = failure.metadata?.get(detailsTrailer) ?? [];
  if (bytes instanceof Uint8Array) {
    const error = decodeRpcError(bytes, detail);
    if (error !== undefined) return error;
  }
  const status = errorStatusFromCode(failure.code);
  if (status === "DEADLINE_EXCEEDED" || (call.expired && status === "CANCELLED")) {
    return transportError("DEADLINE_EXCEEDED", { detail });
  }
  if (status === "CANCELLED" && call.cancelled !== undefined) {
    return transportError("CANCELLED", { detail, cause: call.cancelled.cause });
  }
  if (status === "UNIMPLEMENTED") {
    return transportError("METHOD_UNKNOWN", { facts: { method: call.path }, detail });
  }
  const reason = reasonOfBareStatus[status];
  return reason === undefined ? new RpcError(status, { status, detail }) : transportError(reason, { detail });
}

// A bare CANCELLED or INTERNAL that nobody here asked for is a connection that broke: servers of ours always send details.
const reasonOfBareStatus: Partial<Record<ErrorStatus, TransportReason>> = {
  CANCELLED: "UNAVAILABLE",
  INTERNAL: "UNAVAILABLE",
  UNKNOWN: "UNAVAILABLE",
  UNAVAILABLE: "UNAVAILABLE",
  RESOURCE_EXHAUSTED: "MESSAGE_TOO_LARGE",
};
