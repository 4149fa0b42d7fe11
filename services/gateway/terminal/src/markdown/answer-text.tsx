import { lazy, Suspense } from "react";
import styles from "./answer-text.module.css";

const Markdown = lazy(async () => ({ default: (await import("./markdown.tsx")).Markdown }));

/** The text of an answer. Until the renderer has been fetched it is shown plain: never nothing. */
export function AnswerText({ text, isComplete }: { readonly text: string; readonly isComplete: boolean }) {
  return (
    <Suspense fallback={<p className={styles.plain}>{text}</p>}>
      <Markdown text={text} isComplete={isComplete} />
    </Suspense>
  );
}
