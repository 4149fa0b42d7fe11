/** Text that may be shown and whether a stop text was met. */
export interface Release {
  readonly text: string;
  readonly stopped: boolean;
}

/**
 * Holds back exactly as much text as could still become a stop text, so that no part of one is ever shown, wherever the borders
 * between pieces lie. The stop text that is complete first wins; of several that end together, the longest.
 */
export class StopText {
  readonly #stops: readonly string[];
  #held = "";

  constructor(stops: readonly string[]) {
    this.#stops = stops.filter((stop) => stop.length > 0);
  }

  /** How many characters are held back now. */
  get heldLength(): number {
    return this.#held.length;
  }

  /** Adds a piece; once stopped, nothing more may be added. */
  push(piece: string): Release {
    const text = this.#held + piece;
    const end = this.#firstStop(text);
    if (end !== undefined) {
      this.#held = "";
      return { text: text.slice(0, end), stopped: true };
    }
    const safe = text.length - this.#possibleStart(text);
    this.#held = text.slice(safe);
    return { text: text.slice(0, safe), stopped: false };
  }

  /** What was held back, when no more text comes. */
  flush(): string {
    const text = this.#held;
    this.#held = "";
    return text;
  }

  /** Where the stop text starts that is complete first. */
  #firstStop(text: string): number | undefined {
    let found: { start: number; end: number } | undefined;
    for (const stop of this.#stops) {
      const start = text.indexOf(stop);
      const end = start + stop.length;
      if (start < 0) continue;
      if (found === undefined || end < found.end || (end === found.end && start < found.start)) found = { start, end };
    }
    return found?.start;
  }

  /** Length of the longest end of `text` that is a proper start of a stop text. */
  #possibleStart(text: string): number {
    let longest = 0;
    for (const stop of this.#stops) {
      for (let length = Math.min(stop.length - 1, text.length); length > longest; length--) {
        if (text.endsWith(stop.slice(0, length))) longest = length;
      }
    }
    return longest;
  }
}
