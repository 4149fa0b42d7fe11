import { createStore, type ReadableStore, type Store } from "../state/store.ts";
import type { TextStorage } from "../storage/text-storage.ts";
import type { TrustSummary } from "./trust-file.ts";

/** How a trust file came to be the one that counts. */
export type PinOrigin = "first-sight" | "accepted" | "imported";

/** A trust file with what it says. */
export interface TrustFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly summary: TrustSummary;
}

/** The trust file that counts. */
export interface PinnedTrust extends TrustFile {
  readonly origin: PinOrigin;
  /** Milliseconds since the epoch. */
  readonly pinnedAt: number;
}

/** Whom this browser trusts. */
export interface TrustState {
  readonly pinned: PinnedTrust | null;
  /** What the gateway publishes now, when that is something else than what is pinned. */
  readonly offered: TrustFile | null;
  /** Why there is nothing pinned, in words. */
  readonly problem: string | null;
}

/** What a pin works with. */
export interface TrustPinDependencies {
  readonly storage: TextStorage;
  fetchTrustFile(signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
  readTrust(bytes: Uint8Array): Promise<TrustSummary>;
  now(): number;
}

const storageName = "koinon.trust";

/**
 * Pins the trust file at first sight. From then on the gateway can publish what it likes: the pinned file counts until the
 * person accepts another.
 */
export class TrustPin {
  readonly #dependencies: TrustPinDependencies;
  readonly #state: Store<TrustState> = createStore<TrustState>({ pinned: null, offered: null, problem: null });

  constructor(dependencies: TrustPinDependencies) {
    this.#dependencies = dependencies;
  }

  get state(): ReadableStore<TrustState> {
    return this.#state;
  }

  /** Reads what is pinned, then compares with what is published. Rejects only with the signal's abort. */
  async refresh(signal: AbortSignal): Promise<void> {
    if (this.#state.get().pinned === null) await this.#restore();
    try {
      const bytes = await this.#dependencies.fetchTrustFile(signal);
      const published = { bytes, summary: await this.#dependencies.readTrust(bytes) };
      this.#compare(published);
    } catch (error) {
      signal.throwIfAborted();
      const { pinned } = this.#state.get();
      const problem = error instanceof Error ? error.message : String(error);
      if (pinned === null) this.#state.update((state) => ({ ...state, problem }));
    }
  }

  /** Makes what the gateway publishes now the file that counts. */
  accept(): void {
    const { offered } = this.#state.get();
    if (offered !== null) this.#pin(offered, "accepted");
  }

  /** Pins a file from elsewhere; rejects when it is no trust file. */
  async import(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const { pinned } = this.#state.get();
    const imported = { bytes, summary: await this.#dependencies.readTrust(bytes) };
    const published = this.#state.get().offered ?? pinned;
    this.#pin(imported, "imported");
    if (published !== null) this.#compare(published);
  }

  #compare(published: TrustFile): void {
    const { pinned } = this.#state.get();
    if (pinned === null) this.#pin(published, "first-sight");
    else {
      const isSame = pinned.summary.fingerprint === published.summary.fingerprint;
      this.#state.update((state) => ({ ...state, offered: isSame ? null : published }));
    }
  }

  #pin(file: TrustFile, origin: PinOrigin): void {
    const pinned = { ...file, origin, pinnedAt: this.#dependencies.now() };
    this.#state.set({ pinned, offered: null, problem: null });
    const stored = { text: new TextDecoder().decode(file.bytes), origin, pinnedAt: pinned.pinnedAt };
    try {
      this.#dependencies.storage.setItem(storageName, JSON.stringify(stored));
    } catch {
      // A full storage: the file counts as long as the page is open, and is pinned again next time.
    }
  }

  async #restore(): Promise<void> {
    const stored = readStored(this.#dependencies.storage.getItem(storageName));
    if (stored === null) return;
    try {
      const bytes = new TextEncoder().encode(stored.text);
      const summary = await this.#dependencies.readTrust(bytes);
      this.#state.update((state) => ({ ...state, pinned: { ...stored, bytes, summary } }));
    } catch {
      // What was stored is no trust file: nothing is pinned.
    }
  }
}

function readStored(text: string | null): { text: string; origin: PinOrigin; pinnedAt: number } | null {
  if (text === null) return null;
  try {
    const stored = JSON.parse(text) as Record<string, unknown>;
    if (typeof stored.text !== "string" || typeof stored.pinnedAt !== "number") return null;
    const origin = (["first-sight", "accepted", "imported"] as const).find((each) => each === stored.origin);
    return origin === undefined ? null : { text: stored.text, origin, pinnedAt: stored.pinnedAt };
  } catch {
    return null;
  }
}
