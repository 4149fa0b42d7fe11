import path from "node:path";
import { readTextIfThere, writePrivateFile } from "@koinon/machine/private-file";
import { type CertifiedKey, createAuthority, issueCertificate } from "@koinon/rpc/certificates";
import type { Clock } from "@koinon/runtime/clock";
import type { Random } from "@koinon/runtime/random";

/** Where the PEM files of one certificate are written. */
export interface CertificateFiles {
  readonly certificateFile: string;
  readonly keyFile: string;
}

const dayMs = 24 * 60 * 60 * 1000;
const authorityDays = 3650;
/** Clocks of several machines differ, and one may have been put back since the last start. */
const backdateMs = 60 * 60 * 1000;

/** A certificate authority kept in a folder as ca.crt and ca.key, made when the folder has none. */
export class Authority {
  readonly #authority: CertifiedKey;
  readonly #deps: { readonly clock: Clock; readonly random: Random };

  private constructor(authority: CertifiedKey, deps: { readonly clock: Clock; readonly random: Random }) {
    this.#authority = authority;
    this.#deps = deps;
  }

  static async open(
    folder: string,
    name: string,
    deps: { readonly clock: Clock; readonly random: Random },
  ): Promise<Authority> {
    const [certificateFile, keyFile] = [path.join(folder, "ca.crt"), path.join(folder, "ca.key")];
    const certificatePem = readTextIfThere(certificateFile);
    const keyPem = readTextIfThere(keyFile);
    if (certificatePem !== undefined && keyPem !== undefined) return new Authority({ certificatePem, keyPem }, deps);
    const now = deps.clock.now();
    const made = await createAuthority(
      { name, notBefore: now - dayMs, notAfter: now + authorityDays * dayMs },
      deps.random,
    );
    // The certificate last: its presence says that the key is whole.
    writePrivateFile(keyFile, made.keyPem);
    writePrivateFile(certificateFile, made.certificatePem);
    return new Authority(made, deps);
  }

  /** The authority's own certificate, PEM. */
  get certificatePem(): string {
    return this.#authority.certificatePem;
  }

  /** Writes a fresh certificate for the services of one process. */
  async issue(
    files: CertificateFiles,
    process: { readonly services: readonly string[]; readonly hosts?: readonly string[]; readonly days: number },
  ): Promise<void> {
    const { clock, random } = this.#deps;
    const validity = { notBefore: clock.now() - backdateMs, notAfter: clock.now() + process.days * dayMs };
    const { services, hosts = [] } = process;
    const issued = await issueCertificate(this.#authority, { ...validity, services, hosts }, random);
    writePrivateFile(files.keyFile, issued.keyPem);
    writePrivateFile(files.certificateFile, issued.certificatePem);
  }
}
