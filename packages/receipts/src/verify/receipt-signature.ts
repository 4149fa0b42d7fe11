import { isSignedBy } from "../document.ts";
import { receiptDocument } from "../receipt.ts";
import { type Check, clockSkewMs } from "./evidence.ts";
import { failed, passed } from "./verification.ts";

/** The serving key signed the receipt, and it is not from the future. */
export const checkReceiptSignature: Check = ({ bundle, domain, receiptId, now, network }) => {
  const expected = bundle.certificate.document.key;
  if (!isSignedBy(receiptDocument, bundle.receipt, { domain, expected })) {
    return failed(`The receipt is not signed by the serving key ${expected} on the trusted network.`);
  }
  const { finishedAt } = bundle.receipt.document;
  if (now !== undefined && finishedAt > BigInt(Math.trunc(now)) + BigInt(clockSkewMs)) {
    return failed("The receipt says it was finished in the future.");
  }
  return passed(`The serving key signed receipt ${receiptId}.`, [network]);
};
