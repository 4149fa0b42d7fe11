import { DomainError } from "@koinon/errors/domain-error";

/** Why certificate files are of no use. Times are ISO 8601, names comma separated. */
export type CertificateFault =
  | { code: "CERTIFICATE_UNREADABLE"; certificateFile: string; reason: string }
  | { code: "CERTIFICATE_EXPIRED"; certificateFile: string; subject: string; notAfter: string }
  | { code: "CERTIFICATE_NOT_YET_VALID"; certificateFile: string; subject: string; notBefore: string }
  /** The certificate is some other service's. */
  | { code: "CERTIFICATE_NAMES_OTHERS"; certificateFile: string; expected: string; named: string }
  /** No certificate of the CA file has signed it. */
  | { code: "CERTIFICATE_AUTHORITY_UNKNOWN"; certificateFile: string; issuer: string; caFile: string };

/** Certificate files that can not be used. */
export class CertificateError extends DomainError<CertificateFault> {}
