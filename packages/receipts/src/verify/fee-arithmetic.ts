import { type Quote, quoteFee, type Usage } from "../quote.ts";
import { receiptOutcome } from "../receipt.ts";
import type { Check } from "./evidence.ts";
import { failed, passed } from "./verification.ts";

/** The fee follows from the quote and the metered units to the last micro-credit. */
export const checkFee: Check = ({ bundle }) => {
  const receipt = bundle.receipt.document;
  // A broken answer is not charged, so its receipt is never logged: docs/architecture.md, "Money".
  if (receipt.outcome === receiptOutcome.broken)
    return failed("The provider broke the answer off; that is not charged.");
  const due = feeOf(bundle.quote.document, receipt);
  if (due === undefined) return failed("The fee that follows from quote and units is beyond what a receipt can hold.");
  if (due !== receipt.fee) return failed(`The fee is ${receipt.fee}, but quote and units make ${due} micro-credits.`);
  return passed(
    `${receipt.inputUnits} input and ${receipt.outputUnits} output units at the quoted prices make ${due} micro-credits.`,
  );
};

function feeOf(quote: Quote, usage: Usage): bigint | undefined {
  try {
    return quoteFee(quote, usage);
  } catch {
    return undefined;
  }
}
