import { ErrorInfo, RetryInfo } from "./gen/google/rpc/error_details.ts";
import { Status as RpcStatus } from "./gen/google/rpc/status.ts";
import { RpcError } from "./rpc-error.ts";
import { errorStatusFromCode, statusCodes } from "./status.ts";

const domain = "koinon";
const errorInfoUrl = "type.googleapis.com/google.rpc.ErrorInfo";
const retryInfoUrl = "type.googleapis.com/google.rpc.RetryInfo";

// Details travel in a trailer, and peers bound a header block at 8 to 16 KiB with base64 on top.
const factsBytesMax = 4096;

/** The error as google.rpc.Status bytes, for the trailer `grpc-status-details-bin`. Facts beyond 4 KiB are left out. */
export function encodeRpcError(error: RpcError): Uint8Array {
  const details = [
    {
      typeUrl: errorInfoUrl,
      value: Buffer.from(ErrorInfo.encode({ reason: error.code, domain, metadata: boundFacts(error.facts) }).finish()),
    },
  ];
  if (error.retryAfterMs !== undefined) {
    details.push({ typeUrl: retryInfoUrl, value: Buffer.from(encodeRetryInfo(error.retryAfterMs)) });
  }
  return RpcStatus.encode({ code: statusCodes[error.status], message: error.code, details }).finish();
}

/** Reads google.rpc.Status bytes; undefined when they hold no ErrorInfo of this domain. */
export function decodeRpcError(bytes: Uint8Array, detail?: string): RpcError | undefined {
  const status = RpcStatus.decode(bytes);
  const info = status.details.find((any) => any.typeUrl === errorInfoUrl);
  if (info === undefined) return undefined;
  const { reason, domain: from, metadata } = ErrorInfo.decode(info.value);
  if (from !== domain || reason === "") return undefined;
  const retry = status.details.find((any) => any.typeUrl === retryInfoUrl);
  return new RpcError(reason, {
    status: errorStatusFromCode(status.code),
    facts: metadata,
    ...(retry === undefined ? {} : { retryAfterMs: decodeRetryInfo(retry.value) }),
    ...(detail === undefined ? {} : { detail }),
  });
}

function encodeRetryInfo(retryAfterMs: number): Uint8Array {
  const seconds = Math.floor(retryAfterMs / 1000);
  const nanos = Math.round((retryAfterMs - seconds * 1000) * 1e6);
  return RetryInfo.encode({ retryDelay: { seconds: BigInt(seconds), nanos } }).finish();
}

function decodeRetryInfo(bytes: Uint8Array): number {
  const { retryDelay } = RetryInfo.decode(bytes);
  return retryDelay === undefined ? 0 : Number(retryDelay.seconds) * 1000 + retryDelay.nanos / 1e6;
}

function boundFacts(facts: Readonly<Record<string, string>>): Record<string, string> {
  const bounded: Record<string, string> = {};
  let size = 0;
  for (const [name, value] of Object.entries(facts)) {
    size += Buffer.byteLength(name) + Buffer.byteLength(value);
    if (size > factsBytesMax) break;
    bounded[name] = value;
  }
  return bounded;
}
