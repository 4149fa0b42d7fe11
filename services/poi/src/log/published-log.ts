import type { Database } from "@koinon/postgres/database";
import { listen } from "@koinon/postgres/notifications";
import { newestCheckpoint, type PublishedCheckpoint } from "../store/checkpoint-store.ts";

/** Channel on which the sequencer tells every process of new checkpoints and cosignatures. */
export const publishedChannel = "poi_published";

/** The newest published checkpoint, kept up to date in every process by LISTEN. */
export class PublishedLog {
  readonly #database: Database;
  readonly #onFailure: (error: unknown) => void;
  readonly #stopping = new AbortController();
  #current: PublishedCheckpoint | undefined;
  #isConnected = false;
  #changed = Promise.withResolvers<void>();
  #listening: Promise<void> | undefined;
  #reading: Promise<void> | undefined;
  #readAgain = false;

  constructor(dependencies: { database: Database; onFailure: (error: unknown) => void }) {
    this.#database = dependencies.database;
    this.#onFailure = dependencies.onFailure;
  }

  /** Undefined until the log has published anything. */
  get current(): PublishedCheckpoint | undefined {
    return this.#current;
  }

  /** True while new checkpoints are told. */
  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** Resolves at the next change. Take it before looking at `current`, so that no change is missed between. */
  nextChange(): Promise<void> {
    return this.#changed.promise;
  }

  /** Resolves when what is published now is known. */
  async start(): Promise<void> {
    this.#listening ??= listen({
      ...this.#database.options,
      channel: publishedChannel,
      signal: this.#stopping.signal,
      onNotification: () => {
        this.#isConnected = true;
        this.#refresh();
      },
      onDisconnected: (error) => {
        this.#isConnected = false;
        this.#onFailure(error);
      },
    });
    await this.read();
  }

  /** Reads what is published now. */
  async read(): Promise<void> {
    this.#current = await newestCheckpoint(this.#database);
    const changed = this.#changed;
    this.#changed = Promise.withResolvers<void>();
    changed.resolve();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#listening;
    await this.#reading;
  }

  /** Reads once more when a notification came during a read. */
  #refresh(): void {
    this.#readAgain = true;
    this.#reading ??= this.#readWhileNotified().finally(() => {
      this.#reading = undefined;
    });
  }

  async #readWhileNotified(): Promise<void> {
    while (this.#readAgain && !this.#stopping.signal.aborted) {
      this.#readAgain = false;
      await this.read().catch(this.#onFailure);
    }
  }
}
