import type { Settlement } from "../gateway/settlements.ts";

/** Which receipts to show. */
export interface ReceiptFilter {
  readonly state: "all" | "logged" | "waiting" | "voided";
  /** Part of a provider's name, a model, an id or an address. */
  readonly text: string;
}

export const everyReceipt: ReceiptFilter = { state: "all", text: "" };

/** The receipts that pass, in their order. */
export function filterReceipts(settlements: readonly Settlement[], { state, text }: ReceiptFilter): Settlement[] {
  const wanted = text.trim().toLowerCase();
  return settlements.filter(
    (settlement) => isInState(settlement, state) && (wanted === "" || mentions(settlement, wanted)),
  );
}

/** Where a receipt is, in the words of the filter. */
export function placeOf(settlement: Settlement): "reserved" | "waiting" | "logged" | "voided" {
  if (settlement.state !== "settled") return settlement.state;
  return settlement.logIndex === null ? "waiting" : "logged";
}

function isInState(settlement: Settlement, state: ReceiptFilter["state"]): boolean {
  const place = placeOf(settlement);
  return state === "all" || place === state || (state === "waiting" && place === "reserved");
}

function mentions({ providerName, model, requestId, receiptId, provider }: Settlement, wanted: string): boolean {
  return [providerName, model, requestId, receiptId, provider].some(
    (text) => text?.toLowerCase().includes(wanted) === true,
  );
}
