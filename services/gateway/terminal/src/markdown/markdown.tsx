import type { Token, Tokens } from "marked";
import { memo, type ReactNode, useMemo, useState } from "react";
import { BlockReader } from "./blocks.ts";
import { CodeBlock } from "./code-block.tsx";
import { Inline } from "./inline.tsx";
import styles from "./markdown.module.css";

/** Renders Markdown that may still grow. No HTML is ever made from it: every piece becomes a React element or stays text. */
export function Markdown({ text, isComplete }: { readonly text: string; readonly isComplete: boolean }) {
  const [reader] = useState(() => new BlockReader());
  const blocks = useMemo(() => {
    // A text that will not grow any more is read once as a whole, so that it is exactly what Markdown says.
    return isComplete ? new BlockReader().read(text) : reader.read(text);
  }, [reader, text, isComplete]);
  return (
    <div className={styles.markdown}>
      {blocks.map(({ key, token }) => (
        <BlockView key={key} token={token} isComplete={isComplete} />
      ))}
    </div>
  );
}

/** A block is rendered again only when its own text changed. */
const BlockView = memo(
  function BlockView({ token, isComplete }: { readonly token: Token; readonly isComplete: boolean }) {
    return blockNode(token as Tokens.Generic, isComplete);
  },
  (before, after) =>
    before.token.raw === after.token.raw &&
    before.token.type === after.token.type &&
    before.isComplete === after.isComplete,
);

function blockNode(token: Tokens.Generic, isComplete: boolean): ReactNode {
  switch (token.type) {
    case "space":
    case "def":
      return null;
    case "paragraph":
      return (
        <p>
          <Inline tokens={token.tokens} />
        </p>
      );
    case "text":
      return <Inline tokens={token.tokens ?? [token as Token]} />;
    case "heading":
      return <Heading depth={token.depth as number} tokens={token.tokens} />;
    case "code":
      return (
        <CodeBlock code={token.text} language={languageOf(token.lang)} isComplete={isComplete || isClosed(token.raw)} />
      );
    case "list":
      return <List list={token as Tokens.List} isComplete={isComplete} />;
    case "blockquote":
      return <blockquote>{nested(token.tokens, isComplete)}</blockquote>;
    case "table":
      return <Table table={token as Tokens.Table} />;
    case "hr":
      return <hr />;
    default:
      return <p className={styles.raw}>{token.raw.trim()}</p>;
  }
}

function nested(tokens: readonly Token[] | undefined, isComplete: boolean): ReactNode {
  return tokens?.map((token, index) => <BlockView key={index} token={token} isComplete={isComplete} />);
}

/** The page has its own first and second headings; an answer's begin below them. */
function Heading({ depth, tokens }: { readonly depth: number; readonly tokens: readonly Token[] | undefined }) {
  const Level = (["h3", "h4", "h5"] as const)[Math.min(depth, 3) - 1] ?? "h5";
  return (
    <Level>
      <Inline tokens={tokens} />
    </Level>
  );
}

function List({ list, isComplete }: { readonly list: Tokens.List; readonly isComplete: boolean }) {
  const items = list.items.map((item, index) => (
    <li key={index}>
      {item.task && (
        <input
          type="checkbox"
          checked={item.checked === true}
          readOnly
          disabled
          aria-label={item.checked ? "done" : "to do"}
        />
      )}
      {nested(
        item.tokens.filter(({ type }) => type !== "checkbox"),
        isComplete,
      )}
    </li>
  ));
  if (!list.ordered) return <ul>{items}</ul>;
  return <ol start={list.start === "" ? 1 : list.start}>{items}</ol>;
}

function Table({ table }: { readonly table: Tokens.Table }) {
  const alignOf = (index: number) => table.align[index] ?? undefined;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table has to be scrollable with the keyboard
    // biome-ignore lint/a11y/useSemanticElements: the table inside is the element; this is what scrolls
    <div className={styles.table} tabIndex={0} role="region" aria-label="Table">
      <table>
        <thead>
          <tr>
            {table.header.map((cell, index) => (
              <th key={index} align={alignOf(index)}>
                <Inline tokens={cell.tokens} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.map((row, rowIndex) => (
            <tr key={rowIndex}>
              {row.map((cell, index) => (
                <td key={index} align={alignOf(index)}>
                  <Inline tokens={cell.tokens} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function languageOf(info: unknown): string {
  return typeof info === "string" ? (info.trim().split(/\s/, 1)[0] ?? "").slice(0, 30).toLowerCase() : "";
}

function isClosed(raw: string): boolean {
  return /\n(```+|~~~+)\s*$/.test(raw) || !/^\s*(```|~~~)/.test(raw);
}
