import styles from "./short-hex.module.css";

/** A long hex value: its ends in view, the whole of it on hover and when read aloud. */
export function ShortHex({ value, ends = 6 }: { readonly value: string; readonly ends?: number }) {
  const isShort = value.length <= 2 * ends + 4;
  return (
    <code className={styles.hex} title={value}>
      {isShort ? value : `${value.slice(0, ends + 2)}…${value.slice(-ends)}`}
    </code>
  );
}
