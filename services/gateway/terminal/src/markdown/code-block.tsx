import { memo, useEffect, useState } from "react";
import { CopyButton } from "../controls/copy-button.tsx";
import type { CodePiece } from "./highlight.ts";
import styles from "./markdown.module.css";

/** A block of code with its language. It is coloured once it is complete. */
export const CodeBlock = memo(function CodeBlock({
  code,
  language,
  isComplete,
}: {
  readonly code: string;
  readonly language: string;
  readonly isComplete: boolean;
}) {
  const pieces = useHighlighted(code, language, isComplete);
  return (
    <figure className={styles.code}>
      <figcaption className={styles.caption}>
        <span>{language || "text"}</span>
        <CopyButton text={code} label="Copy code" />
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: long lines have to be scrollable with the keyboard */}
      <pre tabIndex={0}>
        <code>{pieces === null ? code : pieces.map(coloured)}</code>
      </pre>
    </figure>
  );
});

function coloured({ text, kind }: CodePiece, index: number) {
  if (kind === null) return text;
  return (
    <span key={index} data-kind={kind}>
      {text}
    </span>
  );
}

function useHighlighted(code: string, language: string, isComplete: boolean): readonly CodePiece[] | null {
  const [found, setFound] = useState<{ readonly code: string; readonly pieces: readonly CodePiece[] | null } | null>(
    null,
  );
  useEffect(() => {
    if (!isComplete || language === "") return;
    let isWanted = true;
    void import("./highlight.ts").then(({ highlightCode }) => {
      if (isWanted) setFound({ code, pieces: highlightCode(code, language) });
    });
    return () => {
      isWanted = false;
    };
  }, [code, language, isComplete]);
  return found?.code === code ? found.pieces : null;
}
