import { type Settlement, SettlementState } from "@koinon/contracts/koinon/compute/v1/market_service";
import type { OpenedReceipt } from "@koinon/contracts/koinon/receipt/v1/receipt";
import { hexToBytes } from "@koinon/secp256k1/hex";
import type { OpenedReceiptBytes, SettlementRecord } from "../accounts/money-store.ts";
import type { ReadDocuments } from "../reconcile/document-shelf.ts";
import { endpointValues } from "./provider-connector.ts";

const states: Record<SettlementRecord["state"], SettlementState> = {
  reserved: SettlementState.RESERVED,
  settled: SettlementState.SETTLED,
  voided: SettlementState.VOIDED,
};

/** A settlement as a message; lists leave the manifest out. */
export function settlementMessage(
  record: SettlementRecord,
  { quoteBytes, certificateBytes, manifest }: Omit<ReadDocuments, "manifest"> & { manifest?: Uint8Array },
): Settlement {
  return {
    requestId: hexToBytes(record.requestId),
    receiptId: record.receiptId === undefined ? new Uint8Array() : hexToBytes(record.receiptId),
    accountId: record.accountId,
    state: states[record.state],
    voidReason: record.voidReason,
    reserved: record.amount.toString(),
    fee: record.fee?.toString() ?? "",
    model: record.model,
    endpoint: endpointValues[record.endpoint],
    provider: hexToBytes(record.provider),
    providerName: record.providerName,
    receipt: record.receipt && openedReceiptMessage(record.receipt),
    quote: { ...quoteBytes },
    certificate: { ...certificateBytes },
    manifest: manifest ?? new Uint8Array(),
    relayed: record.relayed,
    reservedAtMs: BigInt(record.reservedAt),
    settledAtMs: BigInt(record.closedAt ?? 0),
    logIndex: record.logIndex,
    attempts: [...record.attempts],
  };
}

function openedReceiptMessage({ content, signature, input, output }: OpenedReceiptBytes): OpenedReceipt {
  const opening = ({ blinding, digest }: OpenedReceiptBytes["input"]) => ({
    blinding: hexToBytes(blinding),
    digest: hexToBytes(digest),
  });
  return { receipt: { content, signature }, input: opening(input), output: opening(output) };
}
