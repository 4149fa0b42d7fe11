import type { Buffer } from "node:buffer";
import { readFileSync, statSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { createSecureContext } from "node:tls";
import { CertificateError } from "./certificate-error.ts";

/** PEM files of one identity. */
export interface CertificatePaths {
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly caFile: string;
}

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

/** What a problem with certificate files means. */
export type CertificateState =
  /** There is no identity yet. */
  | "missing"
  /** Files that were put in place can not be used; the former identity stays in use. */
  | "refused"
  /** The identity in use will not do any more, such as one that has expired. */
  | "lapsed";

export interface CertificateFilesOptions {
  /** How often the files are looked at; mounted secrets change by symbolic link, which file watching misses. Default 5,000. */
  readonly pollMs?: number;
  /** Throws CertificateError when peers would refuse the identity. */
  check?(identity: Identity): void;
  /** Told once of each problem. */
  onProblem?(error: CertificateError, state: CertificateState): void;
}

const pollMsDefault = 5_000;

/**
 * Certificate, key and CA from files, read at once and again when they change. Files that do not fit together (a rotation half
 * done) or that peers would refuse are reported, and the former identity stays in use until there are better ones.
 */
export class CertificateFiles implements CertificateSource {
  private readonly paths: CertificatePaths;
  private readonly options: CertificateFilesOptions;
  private readonly listeners = new Set<(identity: Identity) => void>();
  private readonly timer: NodeJS.Timeout;
  private identity: Identity;
  private version: string;
  private refusal: CertificateError | undefined;
  private readonly told = new Map<CertificateState, string>();

  /** Throws CertificateError when the files can not be used. */
  constructor(paths: CertificatePaths, options: CertificateFilesOptions = {}) {
    this.paths = paths;
    this.options = options;
    this.version = this.currentVersion();
    this.identity = this.load();
    this.timer = setInterval(() => this.refresh(), options.pollMs ?? pollMsDefault);
    this.timer.unref();
  }

  /** Waits until the files can be used, and tells why they can not; rejects when the signal aborts. */
  static async open(
    paths: CertificatePaths,
    options: CertificateFilesOptions,
    signal: AbortSignal,
  ): Promise<CertificateFiles> {
    for (let told = ""; ; ) {
      signal.throwIfAborted();
      try {
        return new CertificateFiles(paths, options);
      } catch (error) {
        if (!(error instanceof CertificateError)) throw error;
        if (error.message !== told) options.onProblem?.(error, "missing");
        told = error.message;
      }
      await delay(options.pollMs ?? pollMsDefault, undefined, { signal });
    }
  }

  get current(): Identity {
    return this.identity;
  }

  subscribe(listener: (identity: Identity) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Why files that were put in place are not in use; undefined when what is in use is what is there. */
  get refused(): CertificateError | undefined {
    return this.refusal;
  }

  /** Why the identity in use will not do any more; undefined when it does. */
  get lapsed(): CertificateError | undefined {
    return problemOf(() => this.options.check?.(this.identity));
  }

  /** Looks at the files now instead of at the next poll. */
  refresh(): void {
    let changed = false;
    this.refusal = problemOf(() => {
      const version = this.currentVersion();
      if (version === this.version) return;
      this.identity = this.load();
      this.version = version;
      changed = true;
    });
    this.tell("refused", this.refusal);
    this.tell("lapsed", this.lapsed);
    if (changed) for (const listener of this.listeners) listener(this.identity);
  }

  close(): void {
    clearInterval(this.timer);
  }

  private tell(state: CertificateState, problem: CertificateError | undefined): void {
    const message = problem?.message ?? "";
    if (problem !== undefined && message !== this.told.get(state)) this.options.onProblem?.(problem, state);
    this.told.set(state, message);
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
    const identity = this.readable(() => {
      const certificate = readFileSync(this.paths.certificateFile);
      const privateKey = readFileSync(this.paths.keyFile);
      const caCertificate = readFileSync(this.paths.caFile);
      // Throws when key and certificate do not belong together or are not PEM.
      createSecureContext({ cert: certificate, key: privateKey, ca: caCertificate });
      return { certificate, privateKey, caCertificate };
    });
    this.options.check?.(identity);
    return identity;
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

function problemOf(act: () => void): CertificateError | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    if (error instanceof CertificateError) return error;
    throw error;
  }
}
