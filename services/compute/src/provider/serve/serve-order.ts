import { Endpoint, type ServeRequest } from "@koinon/contracts/koinon/compute/v1/inference";
import type { Prices } from "@koinon/receipts/quote";
import { unitsPerPrice } from "@koinon/receipts/quote";
import { isRequestId } from "@koinon/receipts/request-id";
import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";
import type { Endpoint as EngineEndpoint } from "../../engine/answer-engine.ts";
import { ProviderError } from "../errors.ts";

/** A request to serve, decoded and checked for shape. */
export interface ServeOrder {
  readonly requestId: Hex;
  readonly consumer: Address;
  readonly endpoint: EngineEndpoint;
  readonly body: Uint8Array;
  readonly manifest: Hex;
  readonly priceId: Hex;
  readonly maxFee: bigint;
  /** Earlier receipts that the market has settled. */
  readonly settledReceipts: readonly Buffer[];
}

const endpoints = new Map<Endpoint, EngineEndpoint>([
  [Endpoint.CHAT_COMPLETIONS, "chat"],
  [Endpoint.COMPLETIONS, "completions"],
  [Endpoint.EMBEDDINGS, "embeddings"],
]);
const settledReceiptsMax = 64;
const amountPattern = /^(0|[1-9][0-9]{0,38})$/;

/** Reads a request; throws FIELD_INVALID. */
export function readServeOrder(request: ServeRequest): ServeOrder {
  const requestId = hexField(request.requestId, 32, "request_id");
  if (!isRequestId(requestId)) throw invalid("request_id", "not 16 bytes right-aligned in 32");
  const endpoint = endpoints.get(request.endpoint);
  if (endpoint === undefined) throw invalid("endpoint", "unknown");
  if (!amountPattern.test(request.maxFee)) throw invalid("max_fee", "not a decimal amount");
  return {
    requestId,
    consumer: hexField(request.consumer, 20, "consumer"),
    endpoint,
    body: request.body,
    manifest: hexField(request.manifestHash, 32, "manifest_hash"),
    priceId: hexField(request.priceId, 32, "price_id"),
    maxFee: BigInt(request.maxFee),
    settledReceipts: settledReceiptsField(request.settledReceipts),
  };
}

/**
 * Most output units whose fee, after so many input units, is still within the maximum; -1 when already the input is over it. Exact: the
 * fee rounds up once, so it is within the maximum as long as the metered amount is.
 */
export function outputUnitsWithin(prices: Prices, maxFee: bigint, inputUnits: number): number {
  const room = (maxFee - prices.requestPrice) * unitsPerPrice - BigInt(inputUnits) * prices.inputPrice;
  if (room < 0n) return -1;
  if (prices.outputPrice === 0n) return Number.MAX_SAFE_INTEGER;
  const units = room / prices.outputPrice;
  return units > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(units);
}

function settledReceiptsField(ids: readonly Uint8Array[]): readonly Buffer[] {
  if (ids.length > settledReceiptsMax) throw invalid("settled_receipts", `more than ${settledReceiptsMax}`);
  return ids.map((id) => {
    if (id.length !== 32) throw invalid("settled_receipts", "not 32 bytes each");
    return Buffer.from(id.buffer, id.byteOffset, id.length);
  });
}

function hexField(bytes: Uint8Array, length: number, field: string): Hex {
  if (bytes.length !== length) throw invalid(field, `not ${length} bytes`);
  return `0x${Buffer.from(bytes.buffer, bytes.byteOffset, length).toString("hex")}`;
}

function invalid(field: string, reason: string): ProviderError {
  return new ProviderError({ code: "FIELD_INVALID", field, reason });
}
