import { documentId, isSignedBy } from "../document.ts";
import { quoteDocument, quoteHoldsAt } from "../quote.ts";
import type { Check } from "./evidence.ts";
import { failed, passed } from "./verification.ts";

/** The quote is the one that the receipt is charged under: same provider and model, signed by the serving key, valid at the start. */
export const checkQuote: Check = ({ bundle, domain }) => {
  const { quote, receipt, certificate } = bundle;
  const { provider, subject, priceId, startedAt } = receipt.document;
  const id = documentId(quoteDocument, quote.document, domain);
  if (id !== priceId) return failed(`The quote's id is ${id}, the receipt is charged under ${priceId}.`);
  if (quote.document.provider !== provider)
    return failed(`The quote is of another provider, ${quote.document.provider}.`);
  if (quote.document.subject !== subject) return failed(`The quote is for another model, ${quote.document.subject}.`);
  if (!isSignedBy(quoteDocument, quote, { domain, expected: certificate.document.key })) {
    return failed("The quote is not signed by the provider's serving key.");
  }
  if (!quoteHoldsAt(quote.document, startedAt)) return failed("The quote did not hold when the work was started.");
  return passed(`The provider signed price version ${quote.document.version}, which held when the work was started.`);
};
