import { DomainError } from "@koinon/errors/domain-error";

/** What can be wrong with keys, digests, signatures and their text. */
export type SignatureFault =
  | { code: "HEX_MALFORMED"; length: number }
  | { code: "ADDRESS_MALFORMED" }
  | { code: "DIGEST_MALFORMED"; length: number }
  | { code: "PRIVATE_KEY_INVALID" }
  | { code: "PUBLIC_KEY_INVALID" }
  | { code: "SIGNATURE_INVALID"; reason: "length" | "recovery-id" | "high-s" | "no-such-point" };

/** Thrown by everything in this package. Facts never hold key material. */
export class SignatureError extends DomainError<SignatureFault> {}
