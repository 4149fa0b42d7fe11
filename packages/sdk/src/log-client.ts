import type { CallOptions, Transport } from "./transport.ts";

/** The contribution log's files (C2SP tlog-tiles). Everything here is unverified until checked against a trusted key. */
export class LogClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** The newest checkpoint, a signed note. */
  checkpoint(options: CallOptions = {}): Promise<string> {
    return this.#transport.text("/log/checkpoint", options);
  }

  /** The log's verifier key, as the log itself tells it: compare it with one from elsewhere. */
  async verifierKey(options: CallOptions = {}): Promise<string> {
    return (await this.#transport.text("/log/vkey", options)).trimEnd();
  }

  /** A tile or entry bundle by its path, such as tile/0/x001/234.p/5 or tile/entries/000. */
  tile(path: string, options: CallOptions = {}): Promise<Uint8Array> {
    return this.#transport.bytes(`/log/${path}`, options);
  }

  /** Hands in a checkpoint with a witness's cosignature. */
  async addCosignature(note: string, options: CallOptions = {}): Promise<void> {
    await this.#transport.bytes("/log/add-cosignature", { ...options, method: "POST", body: note });
  }
}
