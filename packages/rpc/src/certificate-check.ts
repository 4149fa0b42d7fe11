import { X509Certificate } from "node:crypto";
import { CertificateError } from "./certificate-error.ts";
import type { CertificatePaths, Identity } from "./certificate-files.ts";
import { servicesOfCertificate } from "./peer-identity.ts";

/** What peers ask of a certificate. */
export interface CertificateExpectation {
  /** Services that it has to name, each as `spiffe://koinon/<service>`. */
  readonly services: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * Throws CertificateError when peers that trust the same authority would refuse the identity: it names other services, is not valid
 * now, or the authority has not signed it, by itself or through certificates that stand behind it in its file.
 */
export function checkIdentity(identity: Identity, paths: CertificatePaths, expected: CertificateExpectation): void {
  const { certificateFile, caFile } = paths;
  const [own, ...between] = certificatesIn(identity.certificate, certificateFile);
  const authorities = certificatesIn(identity.caCertificate, caFile);
  if (own === undefined || authorities.length === 0) {
    const file = own === undefined ? certificateFile : caFile;
    throw new CertificateError({
      code: "CERTIFICATE_UNREADABLE",
      certificateFile,
      reason: `no certificate in ${file}`,
    });
  }
  const named = servicesOfCertificate({ subjectaltname: own.subjectAltName ?? "" });
  if (!expected.services.every((service) => named.includes(service))) {
    const facts = { expected: expected.services.join(", "), named: named.join(", ") || "no service" };
    throw new CertificateError({ code: "CERTIFICATE_NAMES_OTHERS", certificateFile, ...facts });
  }
  assertValid(own, certificateFile, expected.now);
  const path = pathToAuthority(own, between, authorities, expected.now);
  if (path === undefined) {
    const issuer = nameIn(own.issuer);
    throw new CertificateError({ code: "CERTIFICATE_AUTHORITY_UNKNOWN", certificateFile, issuer, caFile });
  }
  for (const certificate of path) assertValid(certificate, certificateFile, expected.now);
}

/** When the identity's own certificate ceases to be valid, milliseconds since the epoch; undefined when it can not be read. */
export function expiryOf({ certificate }: Identity): number | undefined {
  const [own] = certificatesIn(certificate, "certificate");
  return own?.validToDate.getTime();
}

/** The certificates above `own` up to one of the authorities; undefined when there is no such path. */
function pathToAuthority(
  own: X509Certificate,
  between: readonly X509Certificate[],
  authorities: readonly X509Certificate[],
  now: number,
): readonly X509Certificate[] | undefined {
  const path: X509Certificate[] = [];
  // While an authority is replaced, the former may stand beside its successor under one name.
  const preferred = [...authorities].sort((a, b) => Number(isValid(b, now)) - Number(isValid(a, now)));
  for (let at = own; path.length <= between.length; ) {
    const authority = preferred.find((candidate) => hasSigned(candidate, at));
    if (authority !== undefined) return [...path, authority];
    const next = between.find((candidate) => !path.includes(candidate) && hasSigned(candidate, at));
    if (next === undefined) return undefined;
    path.push(next);
    at = next;
  }
  return undefined;
}

function hasSigned(issuer: X509Certificate, certificate: X509Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function isValid({ validFromDate, validToDate }: X509Certificate, now: number): boolean {
  return now >= validFromDate.getTime() && now <= validToDate.getTime();
}

function assertValid(certificate: X509Certificate, certificateFile: string, now: number): void {
  const { validFromDate, validToDate } = certificate;
  const subject = nameIn(certificate.subject);
  if (now > validToDate.getTime()) {
    const notAfter = validToDate.toISOString();
    throw new CertificateError({ code: "CERTIFICATE_EXPIRED", certificateFile, subject, notAfter });
  }
  if (now < validFromDate.getTime()) {
    const notBefore = validFromDate.toISOString();
    throw new CertificateError({ code: "CERTIFICATE_NOT_YET_VALID", certificateFile, subject, notBefore });
  }
}

/** A distinguished name in one line; Node writes one attribute a line. */
function nameIn(distinguishedName: string | undefined): string {
  return (distinguishedName ?? "").replaceAll("\n", ", ");
}

const pem = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

function certificatesIn(content: Buffer, file: string): readonly X509Certificate[] {
  try {
    return (content.toString("latin1").match(pem) ?? []).map((text) => new X509Certificate(text));
  } catch (error) {
    const reason = `${file}: ${error instanceof Error ? error.message : String(error)}`;
    throw new CertificateError({ code: "CERTIFICATE_UNREADABLE", certificateFile: file, reason }, { cause: error });
  }
}
