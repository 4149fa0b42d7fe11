import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { type CertifiedKey, createAuthority, issueCertificate } from "@koinon/rpc/certificates";
import type { Clock } from "@koinon/runtime/clock";
import type { Random } from "@koinon/runtime/random";
import type { DataFolder } from "./data-folder.ts";
import { writePrivateFile } from "./private-file.ts";

/** PEM files of one process. */
export interface TlsFiles {
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly caFile: string;
}

const dayMs = 24 * 60 * 60 * 1000;
const authorityDays = 3650;
const certificateDays = 30;

/** Issues a fresh certificate for a process of this machine, under an authority made at the first start. */
export async function issueTlsFiles(
  folder: DataFolder,
  process: { readonly name: string; readonly services: readonly string[] },
  { clock, random }: { clock: Clock; random: Random },
): Promise<TlsFiles> {
  const authority = await ensureAuthority(folder, { clock, random });
  // An hour back: clocks of one laptop agree, but it may have been put back since the last start.
  const validity = { notBefore: clock.now() - 60 * 60 * 1000, notAfter: clock.now() + certificateDays * dayMs };
  const services = { services: process.services, hosts: ["localhost", "127.0.0.1"] };
  const issued = await issueCertificate(authority, { ...validity, ...services }, random);
  const files = {
    certificateFile: path.join(folder.tls, `${process.name}.crt`),
    keyFile: path.join(folder.tls, `${process.name}.key`),
    caFile: path.join(folder.tls, "ca.crt"),
  };
  writePrivateFile(files.keyFile, issued.keyPem);
  writePrivateFile(files.certificateFile, issued.certificatePem);
  return files;
}

async function ensureAuthority(
  folder: DataFolder,
  { clock, random }: { clock: Clock; random: Random },
): Promise<CertifiedKey> {
  const certificateFile = path.join(folder.tls, "ca.crt");
  const keyFile = path.join(folder.tls, "ca.key");
  if (existsSync(certificateFile)) {
    return { certificatePem: readFileSync(certificateFile, "utf8"), keyPem: readFileSync(keyFile, "utf8") };
  }
  const validity = { notBefore: clock.now() - dayMs, notAfter: clock.now() + authorityDays * dayMs };
  const authority = await createAuthority({ name: "Koinon laptop", ...validity }, random);
  // The certificate last: its presence says that the key is whole.
  writePrivateFile(keyFile, authority.keyPem);
  writePrivateFile(certificateFile, authority.certificatePem);
  return authority;
}
