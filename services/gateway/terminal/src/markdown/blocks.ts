import { Lexer, type Token } from "marked";

/** One top-level piece of a text: paragraph, list, code, … */
export interface Block {
  /** Stays the same while the text grows, so that a finished block is not rendered again. */
  readonly key: string;
  readonly token: Token;
}

/**
 * Takes a growing Markdown text apart. Blocks that more text can not change are taken apart once; only the last one is looked at
 * again, so a long answer costs no more per frame than a short one.
 */
export class BlockReader {
  #text = "";
  /** Where the text begins that is still looked at again. */
  #openFrom = 0;
  #closed: Block[] = [];

  /** The blocks of the text. When it is not a continuation of the last one, everything is read anew. */
  read(text: string): readonly Block[] {
    // The lexer would do this itself, but then its lengths would not be those of the text.
    const source = text.includes("\r") ? text.replaceAll(/\r\n?/g, "\n") : text;
    if (!source.startsWith(this.#text)) this.#startAnew();
    this.#text = source;
    // Models write verses and addresses line by line and mean the lines, as people do in a message; Markdown for documents would join them.
    const tokens = new Lexer({ gfm: true, breaks: true }).lex(source.slice(this.#openFrom));
    const closing = closedTokens(tokens);
    const open = tokens.slice(closing).map((token, index) => this.#block(token, closing + index));
    const closed = tokens.slice(0, closing).map((token, index) => this.#block(token, index));
    this.#close(closed);
    return [...this.#closed, ...open];
  }

  #close(blocks: readonly Block[]): void {
    const length = blocks.reduce((sum, { token }) => sum + token.raw.length, 0);
    const raw = this.#text.slice(this.#openFrom, this.#openFrom + length);
    // Should the lexer have rewritten something, its lengths do not fit the text, and nothing is closed.
    if (blocks.length === 0 || raw !== blocks.map(({ token }) => token.raw).join("")) return;
    this.#closed = [...this.#closed, ...blocks];
    this.#openFrom += length;
  }

  #block(token: Token, index: number): Block {
    return { key: `${this.#closed.length + index}`, token };
  }

  #startAnew(): void {
    this.#openFrom = 0;
    this.#closed = [];
  }
}

/**
 * How many tokens more text can not change. The last block still grows; and the one before it stays open too, because a line that
 * has only begun ("1", "-") may turn out to be one more item of the list above.
 */
function closedTokens(tokens: readonly Token[]): number {
  const blocks = [...tokens.keys()].filter((index) => tokens[index]?.type !== "space");
  return blocks.at(-2) ?? 0;
}
