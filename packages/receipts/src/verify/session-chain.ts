import type { PreviousReceipt } from "../bundle.ts";
import { documentId, isSignedBy } from "../document.ts";
import { receiptDocument } from "../receipt.ts";
import type { Check, Evidence } from "./evidence.ts";
import { servingKeyFault } from "./serving-key.ts";
import { failed, passed } from "./verification.ts";

/** The receipt is the first of its session, or follows the one before it, which lies earlier in the log. */
export const checkSessionChain: Check = (evidence) => {
  const { previous, receipt } = evidence.bundle;
  const { sequence } = receipt.document;
  if (sequence === 0n) {
    return previous === null
      ? passed("It is the first receipt of its session.")
      : failed("The first receipt of a session has no previous one.");
  }
  if (previous === null) return failed("The receipt before it in the session is missing.");
  const fault = linkFault(previous, evidence) ?? signerFault(previous, evidence);
  if (fault !== undefined) return failed(fault);
  return passed(`It is receipt ${sequence} of its session and follows ${receipt.document.previous}.`);
};

function linkFault({ receipt, inclusion }: PreviousReceipt, { bundle, domain }: Evidence): string | undefined {
  const before = receipt.document;
  const current = bundle.receipt.document;
  if (documentId(receiptDocument, before, domain) !== current.previous)
    return "The previous receipt is not the one that the receipt names.";
  if (before.session !== current.session) return "The previous receipt is of another session.";
  if (before.provider !== current.provider) return "The previous receipt is of another provider.";
  if (before.consumer !== current.consumer) return "The previous receipt is for another consumer.";
  if (before.sequence !== current.sequence - 1n)
    return `The previous receipt is number ${before.sequence} of the session.`;
  if (inclusion.index >= bundle.inclusion.index) return "The previous receipt does not lie earlier in the log.";
  return undefined;
}

function signerFault({ receipt, certificate }: PreviousReceipt, { bundle, domain }: Evidence): string | undefined {
  const { provider, finishedAt } = receipt.document;
  const certified = servingKeyFault(certificate, { provider, at: finishedAt, domain });
  if (certified !== undefined) return `Of the previous receipt: ${certified}`;
  const { key, epoch } = certificate.document;
  if (!isSignedBy(receiptDocument, receipt, { domain, expected: key }))
    return "The previous receipt is not signed by its serving key.";
  const now = bundle.certificate.document;
  // Keys are replaced by later ones: within a session the epoch never falls, and one epoch has one key.
  if (epoch > now.epoch) return "The previous receipt was signed under a later key epoch.";
  if (epoch === now.epoch && key !== now.key) return "Two keys claim the same epoch.";
  return undefined;
}
