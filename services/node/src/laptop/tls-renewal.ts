import type { Logger } from "@koinon/runtime/logger";
import type { TlsFiles } from "./tls-identity.ts";

/** Certificates last 30 days; renewed this often, a laptop may sleep for weeks. */
const renewalMs = 12 * 60 * 60 * 1000;

/** Keeps the certificates of a running network fresh: their users read the files again when they change. */
export class TlsRenewal {
  readonly #issue: (owner: TlsOwner) => Promise<TlsFiles>;
  readonly #log: Logger;
  readonly #owners: TlsOwner[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(dependencies: { issue(owner: TlsOwner): Promise<TlsFiles>; log: Logger }) {
    this.#issue = dependencies.issue;
    this.#log = dependencies.log;
  }

  /** Issues a certificate now, and again and again until `stop`. */
  issue(owner: TlsOwner): Promise<TlsFiles> {
    this.#owners.push(owner);
    this.#timer ??= setInterval(() => void this.#renew(), renewalMs).unref();
    return this.#issue(owner);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #renew(): Promise<void> {
    for (const owner of this.#owners) {
      await this.#issue(owner).catch((error: unknown) => {
        this.#log.error({ err: error, owner: owner.name }, "certificate could not be renewed");
      });
    }
  }
}

/** A process and the services that its certificate names. */
export interface TlsOwner {
  readonly name: string;
  readonly services: readonly string[];
}
