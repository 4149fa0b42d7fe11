import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";
import type { Endpoint } from "./inference.ts";
import type { OpenedReceipt } from "./receipt-check.ts";

/** One request as a provider gets it. */
export interface ServeCall {
  readonly requestId: Hex;
  readonly consumer: Address;
  readonly endpoint: Endpoint;
  readonly body: Uint8Array;
  readonly subject: Hex;
  readonly priceId: Hex;
  /** Micro-credits reserved. */
  readonly maxFee: bigint;
  /** Earlier receipts of this provider that are settled. */
  readonly settledReceipts: readonly Hex[];
}

/** One part of a provider's answer, in this order: head, chunks, and the receipt when it is charged. */
export type ProviderPart =
  | { readonly kind: "head"; readonly status: number; readonly contentType: string }
  | { readonly kind: "chunk"; readonly bytes: Uint8Array }
  | { readonly kind: "receipt"; readonly opened: OpenedReceipt };

/** A provider's answer on its way. Reads do not overlap. */
export interface ProviderAnswer {
  /** The next part; undefined after the last. Throws RpcError. */
  next(): Promise<ProviderPart | undefined>;
  /** Stops reading; the provider's call is cancelled at once when it has not ended. */
  close(): void;
}

/** One provider's endpoint. */
export interface ProviderConnection {
  serve(call: ServeCall, options: { signal: AbortSignal; timeoutMs: number }): ProviderAnswer;
}

/** Reaches providers by the addresses they announce: in this process, or over gRPC with mutual TLS. */
export interface ProviderConnector {
  /** True for an address that this market would connect to. */
  accepts(endpoint: string): boolean;
  connect(endpoint: string): ProviderConnection;
}
