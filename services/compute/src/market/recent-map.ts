/** A map that keeps the entries that were set last, up to a bound. Setting an entry again makes it the newest, reading it does not. */
export class RecentMap<K, V> {
  readonly #entriesMax: number;
  readonly #entries = new Map<K, V>();

  constructor(options: { entriesMax: number }) {
    this.#entriesMax = options.entriesMax;
  }

  has(key: K): boolean {
    return this.#entries.has(key);
  }

  get(key: K): V | undefined {
    return this.#entries.get(key);
  }

  /** Forgets the oldest entry where there are too many. */
  set(key: K, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#entriesMax) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }

  delete(key: K): void {
    this.#entries.delete(key);
  }
}
