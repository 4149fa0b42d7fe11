import type { Hex } from "@koinon/secp256k1/hex";
import { assertRule } from "./fault.ts";

const headerPattern = /^req_([0-9a-f]{32})$/;
const zeros = "0".repeat(32);

/** The 32-byte request id for the text of the `x-request-id` header, "req_" and 32 hex digits: right-aligned. */
export function requestIdFromHeader(header: string): Hex {
  const digits = headerPattern.exec(header)?.[1];
  assertRule(digits !== undefined, "request-id", "", "not req_ and 32 lower-case hex digits");
  return `0x${zeros}${digits}`;
}

/** The header text of a 32-byte request id. */
export function requestIdToHeader(requestId: Hex): string {
  assertRule(isRequestId(requestId), "request-id", "", "not 16 bytes right-aligned in 32");
  return `req_${requestId.slice(34)}`;
}

/** True when the first 16 of the 32 bytes are zero. */
export function isRequestId(requestId: Hex): boolean {
  return requestId.length === 66 && requestId.startsWith(`0x${zeros}`);
}
