import { createHmac, timingSafeEqual } from "node:crypto";
import { DomainError } from "@koinon/errors/domain-error";
import { invariant } from "@koinon/errors/invariant";

/** A page token that was not issued for this query, or by somebody else. */
export type PageTokenFault = { code: "PAGE_TOKEN_INVALID" };
export class PageTokenError extends DomainError<PageTokenFault> {}

/** The parameters that must not change between the pages of one list; page_size may (AIP-158), so leave it out. */
export type PageQuery = Readonly<Record<string, string | number | bigint | boolean | readonly string[] | undefined>>;

const macBytes = 16;
const maxTokenLength = 2_048;

/**
 * Issues and opens the page tokens of lists (AIP-158): opaque, authenticated with a key that the replicas of a service share, and bound to
 * the list's name and query. The position inside is not secret.
 */
export class PageTokens {
  readonly #key: Uint8Array;

  constructor(options: { key: Uint8Array }) {
    invariant(options.key.length >= 32, "page token key has at least 32 bytes");
    this.#key = options.key;
  }

  /** The token of the page that starts after `position`, the sort key of the last row given out. */
  issue(list: string, query: PageQuery, position: readonly string[]): string {
    const content = Buffer.from(JSON.stringify(position));
    return Buffer.concat([this.#mac(list, query, content), content]).toString("base64url");
  }

  /** The position inside a token; undefined for the empty token of a first page; throws PAGE_TOKEN_INVALID. */
  open(list: string, query: PageQuery, token: string): readonly string[] | undefined {
    if (token === "") return undefined;
    const bytes = Buffer.from(token.slice(0, maxTokenLength + 1), "base64url");
    const content = bytes.subarray(macBytes);
    const genuine =
      token.length <= maxTokenLength &&
      bytes.length > macBytes &&
      bytes.toString("base64url") === token &&
      timingSafeEqual(this.#mac(list, query, content), bytes.subarray(0, macBytes));
    if (!genuine) throw new PageTokenError({ code: "PAGE_TOKEN_INVALID" });
    // Authentic, so it is what `issue` wrote.
    return JSON.parse(content.toString("utf8")) as readonly string[];
  }

  #mac(list: string, query: PageQuery, content: Uint8Array): Buffer {
    const members = Object.entries(query)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, Array.isArray(value) ? value : String(value)])
      .sort(([left], [right]) => (String(left) < String(right) ? -1 : 1));
    return createHmac("sha256", this.#key)
      .update(JSON.stringify(["koinon.page-token.v1", list, members]))
      .update("\0")
      .update(content)
      .digest()
      .subarray(0, macBytes);
  }
}
