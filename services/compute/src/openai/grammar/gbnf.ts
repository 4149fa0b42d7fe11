/** White space between tokens of JSON; bounded, since a model may prefer it to going on. */
const whiteSpace = 'ws ::= (" " | "\\n" [ \\t]{0,20})?';

/** Collects the rules of one GBNF grammar (llama.cpp's notation); equal bodies share a rule. */
export class GbnfBuilder {
  readonly #rules = new Map<string, string>();
  readonly #names = new Map<string, string>();
  #sizeBytes = 0;

  /** Number of characters so far, to bound what a schema may grow into. */
  get size(): number {
    return this.#sizeBytes;
  }

  /** A rule for a body, new or known; answers its name. */
  rule(body: string): string {
    const known = this.#names.get(body);
    if (known !== undefined) return known;
    const name = this.reserve();
    this.define(name, body);
    this.#names.set(body, name);
    return name;
  }

  /** A name whose body is defined later, for recursion. */
  reserve(): string {
    const name = `r${this.#rules.size}`;
    this.#rules.set(name, "");
    return name;
  }

  define(name: string, body: string): void {
    this.#rules.set(name, body);
    this.#sizeBytes += body.length + name.length + 6;
  }

  /** The grammar with `root` as its start, and `ws` for white space. */
  build(root: string): string {
    const lines = [...this.#rules].map(([name, body]) => `${name} ::= ${body}`);
    return [`root ::= ${root}`, whiteSpace, ...lines].join("\n");
  }
}

/** A GBNF literal that matches exactly this text. */
export function literal(text: string): string {
  let body = "";
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (character === '"' || character === "\\") body += `\\${character}`;
    else if (code < 0x20 || code === 0x7f) body += `\\x${code.toString(16).padStart(2, "0").toUpperCase()}`;
    else body += character;
  }
  return `"${body}"`;
}

/** A choice; parenthesised so that it can stand in a sequence. */
export function choice(alternatives: readonly string[]): string {
  return alternatives.length === 1 ? (alternatives[0] ?? "") : `(${alternatives.join(" | ")})`;
}
