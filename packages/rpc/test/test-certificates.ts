import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import type { CertificatePaths } from "../src/certificate-files.ts";
import { type CertifiedKey, createAuthority, issueCertificate } from "../src/certificates.ts";

const random = { bytes: (count: number) => new Uint8Array(randomBytes(count)) };
const hourMs = 3_600_000;

export interface TestCertificate {
  readonly notBefore?: number;
  readonly notAfter?: number;
  /** Names in the certificate, when not the name of the files. */
  readonly services?: readonly string[];
}

export async function testAuthority(): Promise<CertifiedKey> {
  const now = Date.now();
  return createAuthority({ name: "test", notBefore: now - hourMs, notAfter: now + hourMs }, random);
}

export function certificatePaths(folder: string, name: string): CertificatePaths {
  return {
    certificateFile: path.join(folder, `${name}.pem`),
    keyFile: path.join(folder, `${name}.key`),
    caFile: path.join(folder, "ca.pem"),
  };
}

/** Writes an authority and one certificate per name; answers the paths of each. */
export async function writeTestCertificates(
  folder: string,
  certificates: Readonly<Record<string, TestCertificate>>,
  authority?: CertifiedKey,
): Promise<(name: string) => CertificatePaths> {
  const issuer = authority ?? (await testAuthority());
  const paths = (name: string): CertificatePaths => certificatePaths(folder, name);
  await writeFile(path.join(folder, "ca.pem"), issuer.certificatePem);
  for (const [name, wanted] of Object.entries(certificates)) {
    const now = Date.now();
    const issued = await issueCertificate(
      issuer,
      {
        services: wanted.services ?? [name],
        hosts: ["127.0.0.1"],
        notBefore: wanted.notBefore ?? now - hourMs / 2,
        notAfter: wanted.notAfter ?? now + hourMs / 2,
      },
      random,
    );
    await writeFile(paths(name).keyFile, issued.keyPem, { mode: 0o600 });
    await writeFile(paths(name).certificateFile, issued.certificatePem);
  }
  return paths;
}
