import { defineStruct } from "@koinon/eip712/struct";
import type { Address } from "@koinon/secp256k1/address";
import type { DocumentType } from "./document.ts";
import { assertRule } from "./fault.ts";

/** What a key may be used for; a party has one key per purpose. */
export type KeyPurpose = "serving" | "settlement" | "custody" | "consensus" | "witness";

const purposes: readonly string[] = ["serving", "settlement", "custody", "consensus", "witness"] satisfies KeyPurpose[];

/** A party's root key says that another key acts for it, for one purpose and time. Signed by `root`. */
export interface KeyCertificate {
  readonly root: Address;
  readonly key: Address;
  readonly purpose: string;
  /** Counts the party's keys of this purpose; a later key has a higher epoch, and their times may overlap. */
  readonly epoch: bigint;
  /** Milliseconds since the epoch, first and last moment of validity. */
  readonly notBefore: bigint;
  readonly notAfter: bigint;
}

/** The certificate as a document. */
export const certificateDocument: DocumentType<KeyCertificate> = {
  struct: defineStruct<KeyCertificate>("KeyCertificate", {
    root: "address",
    key: "address",
    purpose: "string",
    epoch: "uint64",
    notBefore: "uint64",
    notAfter: "uint64",
  }),
  check(certificate) {
    assertRule(purposes.includes(certificate.purpose), "certificate", "purpose", "unknown");
    assertRule(certificate.notBefore <= certificate.notAfter, "certificate", "notAfter", "before notBefore");
  },
};

/** True when the certificate is for this purpose and covers this moment (ms since the epoch, both ends included). */
export function certifies(certificate: KeyCertificate, { purpose, at }: { purpose: KeyPurpose; at: bigint }): boolean {
  return certificate.purpose === purpose && certificate.notBefore <= at && at <= certificate.notAfter;
}
