import { certifies, type KeyCertificate } from "@koinon/receipts/certificate";
import { type Quote, quoteFee, quoteHoldsAt } from "@koinon/receipts/quote";
import { type Receipt, receiptOutcome } from "@koinon/receipts/receipt";
import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";

/** Why a document does not hold. */
export type RuleViolation =
  /** The certificate is not signed by the root it names. */
  | "CERTIFICATE_NOT_BY_ROOT"
  /** The quote or receipt is not signed by the certified key. */
  | "QUOTE_NOT_BY_KEY"
  | "RECEIPT_NOT_BY_KEY"
  /** The certificate is for another party than the document's provider. */
  | "QUOTE_OF_ANOTHER_PARTY"
  | "RECEIPT_OF_ANOTHER_PARTY"
  /** The certificate is for another purpose than serving. */
  | "KEY_NOT_FOR_SERVING"
  /** The certificate did not hold when the work was finished. */
  | "KEY_NOT_VALID"
  /** The receipt names another price than the quote, or another subject. */
  | "PRICE_OF_ANOTHER_QUOTE"
  | "SUBJECT_OF_ANOTHER_QUOTE"
  /** The quote did not hold when the work started. */
  | "QUOTE_NOT_IN_FORCE"
  /** Work that the provider broke off is not charged, so it has no receipt in the log. */
  | "BROKEN_WORK"
  /** The fee does not follow from the units and the quote. */
  | "FEE_WRONG";

/** A document with the address that signed it. */
export interface Recovered<V> {
  readonly document: V;
  readonly signer: Address;
}

/** A certificate is signed by the root that it names. */
export function checkCertificate({ document, signer }: Recovered<KeyCertificate>): RuleViolation | undefined {
  return signer === document.root ? undefined : "CERTIFICATE_NOT_BY_ROOT";
}

/** A quote is signed by a serving key of the provider. The certificate itself was checked before. */
export function checkQuote(quote: Recovered<Quote>, certificate: KeyCertificate): RuleViolation | undefined {
  if (quote.signer !== certificate.key) return "QUOTE_NOT_BY_KEY";
  if (quote.document.provider !== certificate.root) return "QUOTE_OF_ANOTHER_PARTY";
  return certificate.purpose === "serving" ? undefined : "KEY_NOT_FOR_SERVING";
}

/**
 * A receipt is signed by the provider's serving key, valid when the work ended, and charges exactly what the quote says, which
 * held when the work started. Certificate and quote were checked before.
 */
export function checkReceipt(
  receipt: Recovered<Receipt>,
  certificate: KeyCertificate,
  quote: { readonly id: Hex; readonly document: Quote },
): RuleViolation | undefined {
  const { document } = receipt;
  if (receipt.signer !== certificate.key) return "RECEIPT_NOT_BY_KEY";
  if (document.provider !== certificate.root) return "RECEIPT_OF_ANOTHER_PARTY";
  if (certificate.purpose !== "serving") return "KEY_NOT_FOR_SERVING";
  if (!certifies(certificate, { purpose: "serving", at: document.finishedAt })) return "KEY_NOT_VALID";
  if (document.priceId !== quote.id || document.provider !== quote.document.provider) return "PRICE_OF_ANOTHER_QUOTE";
  if (document.subject !== quote.document.subject) return "SUBJECT_OF_ANOTHER_QUOTE";
  if (!quoteHoldsAt(quote.document, document.startedAt)) return "QUOTE_NOT_IN_FORCE";
  if (document.outcome === receiptOutcome.broken) return "BROKEN_WORK";
  return feeFollows(quote.document, document) ? undefined : "FEE_WRONG";
}

function feeFollows(quote: Quote, receipt: Receipt): boolean {
  try {
    return receipt.fee === quoteFee(quote, receipt);
  } catch {
    // Only a fee that no receipt can carry makes quoteFee throw.
    return false;
  }
}
