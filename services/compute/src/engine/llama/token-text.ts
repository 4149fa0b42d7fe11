/** Turns tokens into text; the part of a model that this needs. */
export interface Detokenizer<T> {
  detokenize(tokens: readonly T[], specialTokens: boolean, lastTokens: readonly T[]): string;
}

const replacement = "\uFFFD";
/** A character takes at most 4 bytes, so at most 4 byte tokens; more unreadable tokens are broken output and shown as such. */
const heldTokensMax = 4;
/** Some vocabularies decide about a leading space by the token before. */
const contextTokens = 4;

/** Detokenises one token at a time, giving text out only in whole characters. */
export class TokenText<T> {
  readonly #model: Detokenizer<T>;
  readonly #showSpecial: boolean;
  #before: readonly T[];
  #held: T[] = [];

  constructor(model: Detokenizer<T>, options: { promptTokens: readonly T[]; showSpecial: boolean }) {
    this.#model = model;
    this.#showSpecial = options.showSpecial;
    this.#before = options.promptTokens.slice(-contextTokens);
  }

  /** The text that becomes readable with this token; empty inside a character. */
  push(token: T): string {
    this.#held.push(token);
    const text = this.#read();
    if (text.endsWith(replacement) && this.#held.length < heldTokensMax) return "";
    this.#before = [...this.#before, ...this.#held].slice(-contextTokens);
    this.#held = [];
    return text;
  }

  /** What was held back when no more tokens come: broken characters, shown as such. */
  flush(): string {
    const text = this.#held.length === 0 ? "" : this.#read();
    this.#held = [];
    return text;
  }

  #read(): string {
    return this.#model.detokenize(this.#held, this.#showSpecial, this.#before);
  }
}
