/**
 * Words by slot, where whoever asks chooses the slots. JavaScript's maps hash bigints by their low 64 bits and without a secret,
 * so that thousands of chosen slots fall together and every access walks along all of them; texts they hash with one.
 */
export class SlotWords {
  readonly #words = new Map<string, readonly [slot: bigint, word: bigint]>();

  constructor(words: Iterable<readonly [slot: bigint, word: bigint]> = []) {
    for (const [slot, word] of words) this.set(slot, word);
  }

  get(slot: bigint): bigint | undefined {
    return this.#words.get(slot.toString(16))?.[1];
  }

  set(slot: bigint, word: bigint): void {
    this.#words.set(slot.toString(16), [slot, word]);
  }

  /** The slots with their words, in the order in which they came. */
  [Symbol.iterator](): Iterator<readonly [slot: bigint, word: bigint]> {
    return this.#words.values();
  }
}
