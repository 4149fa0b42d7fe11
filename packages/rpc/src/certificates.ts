// @peculiar/x509 registers its algorithms through decorators that need this.
import "reflect-metadata";
import { webcrypto } from "node:crypto";
import { isIP } from "node:net";
import {
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type JsonGeneralName,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { spiffeId } from "./peer-identity.ts";

cryptoProvider.set(globalThis.crypto);

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

/** A certificate and its private key (PKCS #8), both PEM. */
export interface CertifiedKey {
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** When a certificate is valid, in milliseconds since the epoch. */
export interface Validity {
  readonly notBefore: number;
  readonly notAfter: number;
}

/** Supplies serial numbers. */
export interface Random {
  bytes(count: number): Uint8Array;
}

/** Makes a self-signed certificate authority for one deployment. */
export async function createAuthority(
  options: Validity & { readonly name: string },
  random: Random,
): Promise<CertifiedKey> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    ...common(options, random),
    name: `CN=${options.name}`,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  return { certificatePem: certificate.toString("pem"), keyPem: await exportKey(keys.privateKey) };
}

/**
 * Issues a certificate for the services of one process, as server and as client. Each service is a URI SAN
 * `spiffe://koinon/<service>`; `hosts` are DNS names and IP addresses for peers that check these.
 */
export async function issueCertificate(
  authority: CertifiedKey,
  options: Validity & { readonly services: readonly string[]; readonly hosts?: readonly string[] },
  random: Random,
): Promise<CertifiedKey> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const names: JsonGeneralName[] = options.services.map((service) => ({ type: "url", value: spiffeId(service) }));
  for (const host of options.hosts ?? []) names.push({ type: isIP(host) === 0 ? "dns" : "ip", value: host });
  const certificate = await X509CertificateGenerator.create({
    ...common(options, random),
    subject: `CN=${options.services.join("+")}`,
    issuer: new X509Certificate(authority.certificatePem).subject,
    publicKey: keys.publicKey,
    signingKey: await importKey(authority.keyPem),
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
      new SubjectAlternativeNameExtension(names),
    ],
  });
  return { certificatePem: certificate.toString("pem"), keyPem: await exportKey(keys.privateKey) };
}

function common(validity: Validity, random: Random) {
  const serial = random.bytes(16);
  // RFC 5280 section 4.1.2.2: a positive integer.
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  return {
    serialNumber: Buffer.from(serial).toString("hex"),
    notBefore: new Date(validity.notBefore),
    notAfter: new Date(validity.notAfter),
    signingAlgorithm: algorithm,
  };
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  return `${PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY")}\n`;
}

function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  return webcrypto.subtle.importKey("pkcs8", PemConverter.decodeFirst(pem), algorithm, false, ["sign"]);
}
