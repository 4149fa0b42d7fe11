import type { WireError } from "./json-rpc-error.ts";

/** What names a request in its response; JSON as it was sent where a number would be rounded. */
export type RequestId = string | number | JsonText | null;

/** A well-formed request; `id` is undefined for a notification, which gets no response. */
export interface JsonRpcRequest {
  readonly id: RequestId | undefined;
  readonly method: string;
  /** Positional parameters; what is not a list was refused before. */
  readonly params: readonly unknown[];
}

/** A call that can not be carried out, with the id to answer to. */
export interface MalformedRequest {
  readonly id: RequestId;
  readonly problem: string;
  /** Absent when it is no request at all. */
  readonly code?: "INVALID_PARAMS";
}

/** Levels of lists and objects in parameters; eth_simulateV1 has nine. More is refused here, because copying to a thread recurses. */
const paramsLevelsMax = 64;

/** Longest id that is kept: it is echoed, and nothing but a mistake is longer. */
const idLengthMax = 256;

/** Reads one call of a batch, or a single one (JSON-RPC 2.0, section 4). */
export function parseRequest(value: unknown): JsonRpcRequest | MalformedRequest {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { id: null, problem: "invalid request" };
  }
  const { jsonrpc, id, method, params } = value as Record<string, unknown>;
  if (!isRequestId(id) && id !== undefined) return { id: null, problem: "invalid request" };
  const known = id ?? null;
  if (jsonrpc !== "2.0" || typeof method !== "string" || method === "")
    return { id: known, problem: "invalid request" };
  if (params !== undefined && params !== null && !Array.isArray(params))
    return { id: known, problem: "non-array args", code: "INVALID_PARAMS" };
  if (isDeeper(params, paramsLevelsMax))
    return { id: known, problem: "params nested too deep", code: "INVALID_PARAMS" };
  return { id, method, params: params ?? [] };
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  if (Array.isArray(value)) return value.some((item) => isDeeper(item, levels - 1));
  return Object.values(value).some((item) => isDeeper(item, levels - 1));
}

/** True when the call was refused. */
export function isMalformed(request: JsonRpcRequest | MalformedRequest): request is MalformedRequest {
  return "problem" in request;
}

function isRequestId(value: unknown): value is RequestId {
  if (value instanceof JsonText) return value.text.length <= idLengthMax;
  return value === null || typeof value === "number" || (typeof value === "string" && value.length <= idLengthMax);
}

/** What is JSON already. */
export class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** The text of a response with a result; `undefined` counts as null. */
export function resultText(id: RequestId, result: unknown): string {
  return `{"jsonrpc":"2.0","id":${jsonOf(id)},"result":${jsonOf(result ?? null)}}`;
}

/** The text of a response with an error. */
export function errorText(id: RequestId, error: WireError): string {
  return `{"jsonrpc":"2.0","id":${jsonOf(id)},"error":${JSON.stringify(error)}}`;
}

function jsonOf(value: unknown): string {
  return value instanceof JsonText ? value.text : JSON.stringify(value);
}

/** The text of a notification of a subscription (geth's pub/sub). */
export function subscriptionText(subscription: string, result: unknown): string {
  const params = `{"subscription":${JSON.stringify(subscription)},"result":${JSON.stringify(result)}}`;
  return `{"jsonrpc":"2.0","method":"eth_subscription","params":${params}}`;
}
