import styles from "./ring.module.css";
import { ringArcs } from "./ring-geometry.ts";

/** What one arc of the ring says. */
export type ArcStatus = "passed" | "failed" | "skipped" | "open" | "plain";

/** The sign of the house: a ring of parts that hold together. In a proof every arc is one step. */
export function Ring({
  arcs,
  size,
  thickness = 7,
  isTurning = false,
}: {
  readonly arcs: readonly ArcStatus[];
  readonly size: number;
  readonly thickness?: number;
  readonly isTurning?: boolean;
}) {
  const radius = 50 - thickness / 2;
  const gap = arcs.length > 8 ? 5 : 16;
  return (
    <svg
      className={styles.ring}
      data-turning={isTurning || undefined}
      viewBox="-50 -50 100 100"
      width={size}
      height={size}
      fill="none"
      strokeWidth={thickness}
      aria-hidden="true"
    >
      {ringArcs(arcs.length, radius, gap).map(({ path }, index) => (
        <path key={path} d={path} className={styles[arcs[index] ?? "open"]} />
      ))}
    </svg>
  );
}

/** The mark of Koinon: six parts around the thing that they hold in common. */
export function Logo({ size }: { readonly size: number }) {
  return (
    <svg
      viewBox="-50 -50 100 100"
      width={size}
      height={size}
      fill="none"
      stroke="currentColor"
      strokeWidth={11}
      aria-hidden="true"
    >
      {ringArcs(6, 42, 18).map(({ path }) => (
        <path key={path} d={path} />
      ))}
      <circle r={15} fill="currentColor" stroke="none" />
    </svg>
  );
}
