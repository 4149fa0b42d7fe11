import type { Buffer } from "node:buffer";
import { readFileSync, statSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { DomainError } from "@koinon/errors/domain-error";

/** PEM files of one identity. */
export interface CertificatePaths {
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly caFile: string;
}

export type CertificateFault = { code: "CERTIFICATE_UNREADABLE"; certificateFile: string; reason: string };

/** Certificate files that can not be used. */
export class CertificateError extends DomainError<CertificateFault> {}

/** PEM contents of one identity. */
export interface Identity {
  readonly certificate: Buffer;
  readonly privateKey: Buffer;
  readonly caCertificate: Buffer;
}

/** An identity that may change while it is in use; connections made after a change use the new one. */
export interface CertificateSource {
  readonly current: Identity;
  /** Calls the listener on every change until the answered function is called. */
  subscribe(listener: (identity: Identity) => void): () => void;
}

/**
 * Certificate, key and CA from files, read at once and again when they change. Files that do not fit together (a rotation half
 * done) are reported and the former identity stays in use until they do.
 */
export class CertificateFiles implements CertificateSource {
  private readonly paths: CertificatePaths;
  private readonly onProblem: (error: CertificateError) => void;
  private readonly listeners = new Set<(identity: Identity) => void>();
  private readonly timer: NodeJS.Timeout;
  private identity: Identity;
  private version: string;

  /** `pollMs` is how often the files are looked at; mounted secrets change by symbolic link, which file watching misses. */
  constructor(paths: CertificatePaths, options: { pollMs?: number; onProblem?(error: CertificateError): void } = {}) {
    this.paths = paths;
    this.onProblem = options.onProblem ?? (() => {});
    this.version = this.currentVersion();
    this.identity = this.load();
    this.timer = setInterval(() => this.refresh(), options.pollMs ?? 5_000);
    this.timer.unref();
  }

  get current(): Identity {
    return this.identity;
  }

  subscribe(listener: (identity: Identity) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Looks at the files now instead of at the next poll. */
  refresh(): void {
    try {
      const version = this.currentVersion();
      if (version === this.version) return;
      this.identity = this.load();
      this.version = version;
    } catch (error) {
      if (!(error instanceof CertificateError)) throw error;
      this.onProblem(error);
      return;
    }
    for (const listener of this.listeners) listener(this.identity);
  }

  close(): void {
    clearInterval(this.timer);
  }

  private currentVersion(): string {
    return this.readable(() =>
      Object.values(this.paths)
        .map((file: string) => statSync(file))
        .map(({ ino, size, mtimeMs, ctimeMs }) => `${ino}/${size}/${mtimeMs}/${ctimeMs}`)
        .join(" "),
    );
  }

  private load(): Identity {
    return this.readable(() => {
      const certificate = readFileSync(this.paths.certificateFile);
      const privateKey = readFileSync(this.paths.keyFile);
      const caCertificate = readFileSync(this.paths.caFile);
      // Throws when key and certificate do not belong together or are not PEM.
      createSecureContext({ cert: certificate, key: privateKey, ca: caCertificate });
      return { certificate, privateKey, caCertificate };
    });
  }

  private readable<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new CertificateError(
        { code: "CERTIFICATE_UNREADABLE", certificateFile: this.paths.certificateFile, reason },
        { cause: error },
      );
    }
  }
}
