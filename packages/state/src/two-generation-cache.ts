/**
 * A bounded cache in two generations: what is used moves to the young one, and when that is full the old one is dropped as a
 * whole. Every operation is one or two map accesses; what was used within the last half of the capacity stays.
 */
export class TwoGenerationCache<V> {
  readonly #weightMax: number;
  readonly #weigh: (value: V) => number;
  #young = new Map<string, V>();
  #old = new Map<string, V>();
  #youngWeight = 0;

  /** Holds entries of at most `weightMax` in all, each weighing what `weigh` says. */
  constructor(weightMax: number, weigh: (value: V) => number) {
    this.#weightMax = weightMax;
    this.#weigh = weigh;
  }

  /** The value, or undefined when it is not here. */
  get(key: string): V | undefined {
    const value = this.#young.get(key);
    if (value !== undefined) return value;
    const older = this.#old.get(key);
    if (older === undefined) return undefined;
    this.#old.delete(key);
    this.set(key, older);
    return older;
  }

  set(key: string, value: V): void {
    if (this.#young.size > 0 && this.#youngWeight >= this.#weightMax / 2) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngWeight = 0;
    }
    const previous = this.#young.get(key);
    if (previous !== undefined) this.#youngWeight -= this.#weigh(previous);
    this.#young.set(key, value);
    this.#youngWeight += this.#weigh(value);
    this.#old.delete(key);
  }

  delete(key: string): void {
    const previous = this.#young.get(key);
    if (previous !== undefined) {
      this.#youngWeight -= this.#weigh(previous);
      this.#young.delete(key);
    }
    this.#old.delete(key);
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
    this.#youngWeight = 0;
  }
}
