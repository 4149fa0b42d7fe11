import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";
import type { RoutingPolicy } from "../routing/candidate.ts";

/** The OpenAI operation that a request body belongs to. */
export type Endpoint = "chat" | "completion" | "embedding";

/** The kind of model that serves an endpoint. */
export function modelKindOf(endpoint: Endpoint): "chat" | "embedding" {
  return endpoint === "embedding" ? "embedding" : "chat";
}

/** One request to route, reserve, relay, check and settle. */
export interface InferenceRequest {
  readonly requestId: Hex;
  readonly accountId: string;
  readonly endpoint: Endpoint;
  /** The client's request, byte for byte. */
  readonly body: Uint8Array;
  /** A model name or a manifest hash. */
  readonly model: string;
  readonly policy: RoutingPolicy;
  /** What the request allows, times n; 0 when it does not say. */
  readonly maxOutputTokens: number;
}

/** Precedes the body. */
export interface AnswerHead {
  readonly kind: "head";
  /** HTTP status: 200, or the engine's refusal (4xx). */
  readonly status: number;
  readonly contentType: string;
  readonly provider: Address;
  readonly providerName: string;
  readonly subject: Hex;
  readonly priceId: Hex;
}

/** Follows the last byte of an answer that is paid. */
export interface AnswerEnd {
  readonly kind: "end";
  readonly receiptId: Hex;
  /** Micro-credits. */
  readonly fee: bigint;
  readonly inputUnits: bigint;
  readonly outputUnits: bigint;
}

/** One part of a relayed answer, in this order: head, chunks, and the end when it is paid. */
export type AnswerPart = AnswerHead | { readonly kind: "chunk"; readonly bytes: Uint8Array } | AnswerEnd;
