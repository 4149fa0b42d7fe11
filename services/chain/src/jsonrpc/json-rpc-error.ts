import { DomainError } from "@koinon/errors/domain-error";
import type { Hex } from "@koinon/secp256k1/hex";

/** The number that each kind of failure has on the wire: JSON-RPC 2.0, EIP-1474, and those that geth adds. */
export const wireCodes = {
  PARSE_ERROR: -32700,
  INVALID_REQUEST: -32600,
  METHOD_NOT_FOUND: -32601,
  INVALID_PARAMS: -32602,
  INTERNAL_ERROR: -32603,
  /** EIP-1474 "invalid input"; geth says it for everything that has no code of its own. */
  SERVER_ERROR: -32000,
  RESOURCE_NOT_FOUND: -32001,
  TIMEOUT: -32002,
  RESPONSE_TOO_LARGE: -32003,
  LIMIT_EXCEEDED: -32005,
  /** With the revert data, ABI-encoded, as `data`. */
  EXECUTION_REVERTED: 3,
  VM_ERROR: -32015,
  /** EIP-7966, with the hash as `data`. */
  RECEIPT_TIMEOUT: 4,
  // eth_simulateV1 (execution-apis).
  SIMULATED_NONCE_TOO_LOW: -38010,
  SIMULATED_NONCE_TOO_HIGH: -38011,
  SIMULATED_INTRINSIC_GAS: -38013,
  SIMULATED_INSUFFICIENT_FUNDS: -38014,
  SIMULATED_BLOCK_GAS_LIMIT: -38015,
  SIMULATED_BLOCK_NUMBER: -38020,
  SIMULATED_TIMESTAMP: -38021,
  SIMULATED_SENDER_NOT_EOA: -38024,
  SIMULATED_INIT_CODE_SIZE: -38025,
  SIMULATED_LIMIT: -38026,
  // Engine API (execution-apis, engine/common).
  ENGINE_UNKNOWN_PAYLOAD: -38001,
  ENGINE_INVALID_FORKCHOICE_STATE: -38002,
  ENGINE_INVALID_PAYLOAD_ATTRIBUTES: -38003,
  ENGINE_TOO_LARGE_REQUEST: -38004,
  ENGINE_UNSUPPORTED_FORK: -38005,
} as const;

/** What a caller is told: a kind, a sentence in the words that clients look for, and for a revert its data. */
export interface JsonRpcFault {
  readonly code: keyof typeof wireCodes;
  readonly message: string;
  readonly data?: Hex;
}

/** An answer that is an error. Everything else that a method throws is told as an internal error, without its message. */
export class JsonRpcError extends DomainError<JsonRpcFault> {}

/** The `error` member of a response. */
export interface WireError {
  readonly code: number;
  readonly message: string;
  readonly data?: Hex;
}

/** The wire form of a fault. */
export function faultToWire({ code, message, data }: JsonRpcFault): WireError {
  return { code: wireCodes[code], message, ...(data === undefined ? {} : { data }) };
}

/** An error of the kind that most refusals are. */
export function serverError(message: string): JsonRpcError {
  return new JsonRpcError({ code: "SERVER_ERROR", message });
}

/** An error about a parameter. */
export function invalidParams(message: string): JsonRpcError {
  return new JsonRpcError({ code: "INVALID_PARAMS", message });
}
