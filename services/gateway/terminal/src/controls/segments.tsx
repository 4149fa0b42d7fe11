import { Toggle } from "@base-ui/react/toggle";
import { ToggleGroup } from "@base-ui/react/toggle-group";
import type { ReactNode } from "react";
import styles from "./segments.module.css";

/** One choice of a few. */
export interface Segment<V extends string> {
  readonly value: V;
  readonly label: ReactNode;
}

/** Chooses one of a few that are all in view. */
export function Segments<V extends string>({
  label,
  value,
  segments,
  onChange,
}: {
  readonly label: string;
  readonly value: V;
  readonly segments: readonly Segment<V>[];
  readonly onChange: (value: V) => void;
}) {
  return (
    <ToggleGroup
      aria-label={label}
      className={styles.group}
      value={[value]}
      onValueChange={([next]) => next !== undefined && onChange(next as V)}
    >
      {segments.map((segment) => (
        <Toggle key={segment.value} value={segment.value} className={styles.segment}>
          {segment.label}
        </Toggle>
      ))}
    </ToggleGroup>
  );
}
