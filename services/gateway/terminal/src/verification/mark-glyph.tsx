import styles from "./mark.module.css";
import type { MarkState } from "./mark-state.ts";
import { ringArcs } from "./ring-geometry.ts";

const inner: Record<MarkState, string | null> = {
  checking: null,
  pending: "M0 -17V2L12 10",
  verified: "M-17 1L-5 13L18 -13",
  failed: "M-14 -14L14 14M14 -14L-14 14",
  partial: "M-16 0H16",
  unproven: "M-16 0H16",
};

/** The small sign of a mark: the ring, and what came of it. Told apart by its form, not by colour alone. */
export function MarkGlyph({ state, size = 20 }: { readonly state: MarkState; readonly size?: number }) {
  const sign = inner[state];
  const arcs = ringArcs(6, 42, 20);
  const shown = state === "checking" ? arcs.slice(0, 4) : state === "failed" ? arcs.slice(1) : arcs;
  return (
    <svg
      className={styles.glyph}
      viewBox="-50 -50 100 100"
      width={size}
      height={size}
      fill="none"
      stroke="currentColor"
      strokeWidth={9}
      aria-hidden="true"
    >
      {shown.map(({ path }) => (
        <path key={path} d={path} opacity={state === "partial" || state === "unproven" ? 0.65 : 1} />
      ))}
      {sign !== null && <path d={sign} strokeLinecap="round" strokeLinejoin="round" />}
    </svg>
  );
}
