import type { OutgoingEvent } from "@koinon/bus/bus";
import { SettledReceipt } from "@koinon/contracts/koinon/compute/v1/market_service";
import type { SampleWork } from "@koinon/contributions/sample-work";
import { certificateDocument } from "@koinon/receipts/certificate";
import { encodeDocument } from "@koinon/receipts/document";
import { quoteDocument } from "@koinon/receipts/quote";
import { receiptDocument } from "@koinon/receipts/receipt";

/** The payload that the market publishes for settled work. */
export function settledPayload(work: SampleWork): Uint8Array {
  return SettledReceipt.encode({
    receipt: encodeDocument(receiptDocument, work.receipt),
    quote: encodeDocument(quoteDocument, work.quote),
    certificate: encodeDocument(certificateDocument, work.certificate),
  }).finish();
}

/** The market's event for settled work; another `attempt` is the sweeper publishing it again. */
export function settledEvent(work: SampleWork, attempt = 1): OutgoingEvent {
  return {
    subject: `koinon.compute.v1.settled.${work.receipt.document.provider}`,
    id: `market.${work.id}.${attempt}`,
    payload: settledPayload(work),
  };
}
