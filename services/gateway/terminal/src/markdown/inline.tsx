import type { Token, Tokens } from "marked";
import { Fragment, type ReactNode } from "react";
import { safeLink } from "./safe-link.ts";

/** Renders the pieces of a line. Whatever is not known, HTML before all, is shown as the text that it is. */
export function Inline({ tokens }: { readonly tokens: readonly Token[] | undefined }) {
  return tokens?.map((token, index) => <Fragment key={index}>{inlineNode(token as Tokens.Generic)}</Fragment>);
}

function inlineNode(token: Tokens.Generic): ReactNode {
  const inner = (): ReactNode => <Inline tokens={token.tokens} />;
  switch (token.type) {
    case "strong":
      return <strong>{inner()}</strong>;
    case "em":
      return <em>{inner()}</em>;
    case "del":
      return <del>{inner()}</del>;
    case "codespan":
      return <code>{token.text}</code>;
    case "br":
      return <br />;
    case "link":
      return <Link href={token.href as string}>{inner()}</Link>;
    case "image":
      // An image would be fetched from elsewhere, and tell there that this answer was read.
      return <Link href={token.href as string}>{token.text || token.href}</Link>;
    case "escape":
      return token.text;
    case "text":
      return token.tokens === undefined ? decodeEntities(token.text) : inner();
    default:
      return token.raw;
  }
}

function Link({ href, children }: { readonly href: string; readonly children: ReactNode }) {
  const address = safeLink(href);
  if (address === null) return children;
  return (
    <a href={address} target="_blank" rel="noopener noreferrer nofollow" title={address}>
      {children}
    </a>
  );
}

const entities: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: "\u00a0",
  hellip: "…",
  mdash: "—",
  ndash: "–",
};

/** Character references that people and models write; React escapes what comes out. */
function decodeEntities(text: string): string {
  if (!text.includes("&")) return text;
  return text.replaceAll(/&(#x[0-9a-f]{1,6}|#\d{1,7}|[a-z]+);/gi, (whole, name: string) => {
    if (!name.startsWith("#")) return entities[name.toLowerCase()] ?? whole;
    const code = name[1]?.toLowerCase() === "x" ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
