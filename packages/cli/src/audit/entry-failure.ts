import type { AuditFault } from "@koinon/contributions/audit-error";
import type { RuleViolation } from "@koinon/contributions/receipt-rules";
import { shortHex } from "../words.ts";

const rules: Record<RuleViolation, string> = {
  CERTIFICATE_NOT_BY_ROOT: "the certificate is not signed by the provider that it names",
  QUOTE_NOT_BY_KEY: "the quote is not signed by the key of its certificate",
  RECEIPT_NOT_BY_KEY: "the receipt is not signed by the key of its certificate",
  QUOTE_OF_ANOTHER_PARTY: "the quote is of another provider than the one whose key signed it",
  RECEIPT_OF_ANOTHER_PARTY: "the receipt is of another provider than the one whose key signed it",
  KEY_NOT_FOR_SERVING: "it is signed by a key that is not certified for serving",
  KEY_NOT_VALID: "the key that signed the receipt was not certified when the work ended",
  PRICE_OF_ANOTHER_QUOTE: "the receipt charges the price of another quote",
  SUBJECT_OF_ANOTHER_QUOTE: "the receipt is for another model than its quote",
  QUOTE_NOT_IN_FORCE: "the receipt's quote was not in force when the work began",
  BROKEN_WORK: "the receipt is for work that the provider broke off, which is not charged",
  FEE_WRONG: "the receipt's fee does not follow from its units and its quote",
};

/** What is wrong with an entry, and which it is, in words. */
export function describeEntryFailure(fault: AuditFault): string {
  return `the entry at index ${fault.index} (counted from 0) does not belong in a log: ${reasonOf(fault)}`;
}

function reasonOf(fault: AuditFault): string {
  switch (fault.code) {
    case "ENTRY_MALFORMED":
      return "it is no certificate, quote or receipt that can be read";
    case "ENTRY_REPEATED":
      return `it stands there already, at index ${fault.first}`;
    case "SIGNATURE_MALFORMED":
      return "its signature is none";
    case "KEY_NOT_LOGGED":
      return `no entry before it certifies ${shortHex(fault.key)}, which signed it`;
    case "QUOTE_NOT_LOGGED":
      return `its quote ${shortHex(fault.priceId)} does not stand before it`;
    case "RULE_BROKEN":
      return `${rules[fault.rule]} (${fault.rule})`;
    case "SESSION_BROKEN":
      return fault.place === "early"
        ? `receipts of its session ${shortHex(fault.session)} are missing before it`
        : `it contradicts what stands before it in its session ${shortHex(fault.session)}`;
  }
}
