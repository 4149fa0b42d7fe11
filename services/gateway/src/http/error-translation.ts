import { DatabaseError } from "@koinon/postgres/database-error";
import { PageTokenError } from "@koinon/postgres/page-token";
import { RpcError } from "@koinon/rpc/rpc-error";
import { GatewayError } from "../errors.ts";
import { httpErrorFromFault } from "./gateway-faults.ts";
import type { HttpError } from "./http-error.ts";
import { httpErrorFromRpc } from "./remote-faults.ts";

const internal: HttpError = {
  status: 500,
  type: "server_error",
  code: "INTERNAL",
  message: "The gateway failed. The request id helps to find out why.",
  param: null,
};

/** How anything that was thrown looks from outside; what is not a known fault is INTERNAL, without a word about it. */
export function httpErrorFromThrown(thrown: unknown, limits: { readonly bodyBytesMax: number }): HttpError {
  if (thrown instanceof GatewayError) return httpErrorFromFault(thrown.fault);
  if (thrown instanceof RpcError) return httpErrorFromRpc(thrown);
  if (thrown instanceof DatabaseError) return httpErrorFromFault({ code: "STORE_UNAVAILABLE" });
  if (thrown instanceof PageTokenError) {
    return httpErrorFromFault({
      code: "INVALID_REQUEST",
      param: "page_token",
      reason: "it does not belong to this list",
    });
  }
  return thrown instanceof Error ? httpErrorFromFramework(thrown, limits) : internal;
}

/** What fastify itself refuses before a handler runs; its codes are documented API. */
interface FrameworkError extends Error {
  readonly code?: string;
  readonly validationContext?: string;
  readonly validation?: readonly {
    readonly instancePath: string;
    readonly message?: string;
    readonly params?: Record<string, unknown>;
  }[];
}

function httpErrorFromFramework(error: FrameworkError, limits: { readonly bodyBytesMax: number }): HttpError {
  switch (error.code) {
    case "FST_ERR_VALIDATION":
      return validationError(error);
    case "FST_ERR_CTP_BODY_TOO_LARGE":
      return httpErrorFromFault({ code: "BODY_TOO_LARGE", limitBytes: limits.bodyBytesMax });
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
      return httpErrorFromFault({ code: "UNSUPPORTED_MEDIA_TYPE", accepted: "application/json" });
    case "FST_ERR_CTP_EMPTY_JSON_BODY":
    case "FST_ERR_CTP_INVALID_JSON_BODY":
      return httpErrorFromFault({ code: "INVALID_JSON" });
    case "FST_ERR_CTP_INVALID_CONTENT_LENGTH":
      return httpErrorFromFault({
        code: "INVALID_REQUEST",
        param: "content-length",
        reason: "it differs from the body's length",
      });
    case "FST_ERR_BAD_URL":
      return httpErrorFromFault({ code: "INVALID_REQUEST", param: "path", reason: "it is not a valid URL" });
    default:
      return internal;
  }
}

function validationError(error: FrameworkError): HttpError {
  const first = error.validation?.[0];
  const missing = first?.params?.missingProperty ?? first?.params?.additionalProperty;
  const path = first?.instancePath.replace(/^\//, "").replaceAll("/", ".") ?? "";
  const member = [path, typeof missing === "string" ? missing : ""].filter((part) => part !== "").join(".");
  const param = member === "" ? (error.validationContext ?? "body") : member;
  return httpErrorFromFault({ code: "INVALID_REQUEST", param, reason: first?.message ?? "it is not valid" });
}
