import { createHash } from "node:crypto";
import { Endpoint } from "@koinon/contracts/koinon/compute/v1/inference";
import { type Settlement, SettlementState } from "@koinon/contracts/koinon/compute/v1/market_service";
import type { Domain } from "@koinon/eip712/domain";
import { decodeDocument, documentId } from "@koinon/receipts/document";
import { type Quote, quoteDocument } from "@koinon/receipts/quote";
import { type Receipt, receiptDocument, receiptOutcome } from "@koinon/receipts/receipt";
import { requestIdToHeader } from "@koinon/receipts/request-id";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import type { ReceiptView } from "./receipt-schemas.ts";

const states: Record<SettlementState, ReceiptView["state"]> = {
  [SettlementState.UNSPECIFIED]: "reserved",
  [SettlementState.RESERVED]: "reserved",
  [SettlementState.SETTLED]: "settled",
  [SettlementState.VOIDED]: "voided",
};

const endpoints: Record<Endpoint, ReceiptView["endpoint"]> = {
  [Endpoint.UNSPECIFIED]: "/v1/chat/completions",
  [Endpoint.CHAT_COMPLETIONS]: "/v1/chat/completions",
  [Endpoint.COMPLETIONS]: "/v1/completions",
  [Endpoint.EMBEDDINGS]: "/v1/embeddings",
};

const outcomes: Readonly<Record<number, ReceiptView["outcome"]>> = {
  [receiptOutcome.complete]: "complete",
  [receiptOutcome.cancelled]: "cancelled",
  [receiptOutcome.broken]: "broken",
};

/** Puts a settlement into the words of the HTTP API. */
export function createReceiptView(settlement: Settlement, domain: Domain): ReceiptView {
  const signed = settlement.receipt?.receipt;
  const receipt = signed === undefined ? undefined : decodeDocument(receiptDocument, signed).document;
  const quote = settlement.quote === undefined ? undefined : decodeDocument(quoteDocument, settlement.quote).document;
  const state = states[settlement.state];
  return {
    request_id: requestIdToHeader(bytesToHex(settlement.requestId)),
    receipt_id: hexOrNull(settlement.receiptId),
    state,
    void_reason: state === "voided" ? settlement.voidReason : null,
    model: settlement.model,
    endpoint: endpoints[settlement.endpoint],
    provider: hexOrNull(settlement.provider),
    provider_name: settlement.providerName,
    ...termsOf(settlement, receipt, quote, domain),
    ...workOf(receipt),
    fee: state === "settled" ? settlement.fee : null,
    reserved: settlement.reserved,
    relayed: settlement.relayed,
    reserved_at: Number(settlement.reservedAtMs),
    settled_at: settlement.settledAtMs === 0n ? null : Number(settlement.settledAtMs),
    log_index: settlement.logIndex === undefined ? null : Number(settlement.logIndex),
    attempts: settlement.attempts.map(({ providerName, outcome, durationMs }) => ({
      provider_name: providerName,
      outcome,
      duration_ms: durationMs,
    })),
  };
}

/** What was asked of whom at which price: from the receipt, else from the quote that was reserved under. */
function termsOf(settlement: Settlement, receipt: Receipt | undefined, quote: Quote | undefined, domain: Domain) {
  if (receipt !== undefined) return { manifest: receipt.subject, price_id: receipt.priceId };
  return {
    manifest: quote?.subject ?? hashOrNull(settlement.manifest),
    price_id: quote === undefined ? null : documentId(quoteDocument, quote, domain),
  };
}

function workOf(receipt: Receipt | undefined) {
  if (receipt === undefined) {
    return { input_units: null, output_units: null, outcome: null, started_at: null, finished_at: null };
  }
  return {
    input_units: Number(receipt.inputUnits),
    output_units: Number(receipt.outputUnits),
    outcome: outcomes[receipt.outcome] ?? null,
    started_at: Number(receipt.startedAt),
    finished_at: Number(receipt.finishedAt),
  };
}

function hexOrNull(bytes: Uint8Array): Hex | null {
  return bytes.length === 0 ? null : bytesToHex(bytes);
}

function hashOrNull(bytes: Uint8Array): Hex | null {
  return bytes.length === 0 ? null : bytesToHex(createHash("sha256").update(bytes).digest());
}
