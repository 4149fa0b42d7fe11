import type { ReactNode } from "react";
import { classNames } from "./class-names.ts";
import styles from "./table.module.css";

/** A table that scrolls sideways where it is too wide, and becomes a list of cards on a phone. */
export function TableFrame({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table has to be scrollable with the keyboard
    // biome-ignore lint/a11y/useSemanticElements: the table inside is the element; this is what scrolls
    <div className={styles.scroll} tabIndex={0} role="region" aria-label={label}>
      <table className={classNames(styles.table, styles.cards)}>{children}</table>
    </div>
  );
}
