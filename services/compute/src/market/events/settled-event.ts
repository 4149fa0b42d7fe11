import { SettledReceipt } from "@koinon/contracts/koinon/compute/v1/market_service";
import type { DocumentBytes } from "@koinon/receipts/document";
import { encodeMessage, transportBytesMax } from "@koinon/rpc/message-codec";
import type { Address } from "@koinon/secp256k1/address";

/** The subject that a provider's settlements are published under. */
export function settledSubject(provider: Address): string {
  return `koinon.compute.v1.settled.${provider}`;
}

/** The event's payload: the receipt with everything that a verifier needs beside it. */
export function encodeSettledEvent(documents: {
  receipt: DocumentBytes;
  quote: DocumentBytes;
  certificate: DocumentBytes;
}): Uint8Array {
  return encodeMessage(SettledReceipt, documents, transportBytesMax);
}
