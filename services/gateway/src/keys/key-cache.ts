import { GatewayError } from "../errors.ts";
import type { KeyRecord } from "./key-record.ts";

/** Options of the cache. */
export interface KeyCacheOptions {
  /** How old an answer may be, in milliseconds, counted from the start of its look-up: the bound within which a revocation is seen. */
  readonly ttlMs: number;
  /** Most keys remembered; as many ids that do not exist are remembered beside them. */
  readonly keysMax: number;
  /** Most look-ups in flight; one more is refused with OVERLOADED. */
  readonly lookupsMax: number;
}

interface Entry {
  readonly record: KeyRecord | undefined;
  readonly asOfMs: number;
}

/**
 * Keys by id as the store had them at most `ttlMs` ago. A key in use is looked up again in the background after half that
 * time, so its requests do not wait. When the store is down, keys are refused as soon as their answer is too old.
 */
export class KeyCache {
  readonly #options: KeyCacheOptions;
  readonly #find: (id: string) => Promise<KeyRecord | undefined>;
  readonly #clock: { now(): number };
  readonly #known = new Map<string, Entry>();
  readonly #unknown = new Map<string, Entry>();
  readonly #lookups = new Map<string, Promise<KeyRecord | undefined>>();

  constructor(
    options: KeyCacheOptions,
    dependencies: { readonly clock: { now(): number }; find(id: string): Promise<KeyRecord | undefined> },
  ) {
    this.#options = options;
    this.#find = dependencies.find;
    this.#clock = dependencies.clock;
  }

  /** The key now, or a promise of it; undefined when there is none. Rejects with STORE_UNAVAILABLE or OVERLOADED. */
  get(id: string): KeyRecord | undefined | Promise<KeyRecord | undefined> {
    const entry = this.#known.get(id) ?? this.#unknown.get(id);
    if (entry === undefined) return this.#lookUp(id);
    const ageMs = this.#clock.now() - entry.asOfMs;
    if (ageMs >= this.#options.ttlMs) return this.#lookUp(id);
    if (ageMs * 2 >= this.#options.ttlMs && entry.record !== undefined) this.#refresh(id);
    return entry.record;
  }

  /** Forgets a key, after a change made by this process. */
  forget(id: string): void {
    this.#known.delete(id);
    this.#unknown.delete(id);
    // An answer under way may be older than the change.
    this.#lookups.delete(id);
  }

  #refresh(id: string): void {
    if (this.#lookups.has(id) || this.#lookups.size >= this.#options.lookupsMax) return;
    // When it fails the entry ages, and the look-up that somebody waits for reports it.
    this.#lookUp(id).catch(() => undefined);
  }

  #lookUp(id: string): Promise<KeyRecord | undefined> {
    const underWay = this.#lookups.get(id);
    if (underWay !== undefined) return underWay;
    if (this.#lookups.size >= this.#options.lookupsMax) return Promise.reject(new GatewayError({ code: "OVERLOADED" }));
    const lookup = this.#load(id);
    this.#lookups.set(id, lookup);
    return lookup;
  }

  async #load(id: string): Promise<KeyRecord | undefined> {
    const asOfMs = this.#clock.now();
    // One turn later, so that `lookup` is registered below even when the store answers at once.
    await null;
    const own = this.#lookups.get(id);
    try {
      const record = await this.#find(id);
      if (this.#lookups.get(id) === own) this.#remember(id, { record, asOfMs });
      return record;
    } catch (cause) {
      throw new GatewayError({ code: "STORE_UNAVAILABLE" }, { cause });
    } finally {
      if (this.#lookups.get(id) === own) this.#lookups.delete(id);
    }
  }

  #remember(id: string, entry: Entry): void {
    this.#known.delete(id);
    this.#unknown.delete(id);
    const entries = entry.record === undefined ? this.#unknown : this.#known;
    if (entries.size >= this.#options.keysMax) {
      const oldest = entries.keys().next();
      if (!oldest.done) entries.delete(oldest.value);
    }
    entries.set(id, entry);
  }
}
