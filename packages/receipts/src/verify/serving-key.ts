import type { Address } from "@koinon/secp256k1/address";
import { certificateDocument, certifies, type KeyCertificate } from "../certificate.ts";
import { isSignedBy, type Signed } from "../document.ts";
import type { Check, Evidence } from "./evidence.ts";
import { failed, passed } from "./verification.ts";

/** The provider's root key certified the serving key, for when the receipt was finished. */
export const checkServingKey: Check = (evidence) => {
  const { receipt, certificate } = evidence.bundle;
  const { provider, finishedAt } = receipt.document;
  const fault = servingKeyFault(certificate, { provider, at: finishedAt, domain: evidence.domain });
  if (fault !== undefined) return failed(fault);
  const { key, epoch } = certificate.document;
  return passed(
    `The provider's root key certified ${key} for serving (epoch ${epoch}), valid when the answer was finished.`,
    [evidence.network],
  );
};

/** What is wrong with a certificate that is to make a key the provider's serving key at a moment; undefined when nothing is. */
export function servingKeyFault(
  certificate: Signed<KeyCertificate>,
  { provider, at, domain }: { provider: Address; at: bigint } & Pick<Evidence, "domain">,
): string | undefined {
  const { root, purpose } = certificate.document;
  if (root !== provider) return `The certificate is of ${root}, not of the provider ${provider}.`;
  if (purpose !== "serving") return `The certificate is for ${purpose}, not for serving.`;
  if (!certifies(certificate.document, { purpose: "serving", at }))
    return "The certificate was not valid when the answer was finished.";
  if (!isSignedBy(certificateDocument, certificate, { domain, expected: root })) {
    return "The certificate is not signed by the provider's root key on the trusted network.";
  }
  return undefined;
}
