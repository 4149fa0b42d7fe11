import { Field as Base } from "@base-ui/react/field";
import type { ComponentProps, ReactNode } from "react";
import { classNames } from "./class-names.ts";
import styles from "./field.module.css";

/** What every field has. */
interface FieldParts {
  readonly label: string;
  readonly description?: ReactNode;
  /** What is wrong with what stands in it; null when nothing is. */
  readonly error?: string | null;
}

/** A labelled line of text. */
export function TextField({
  label,
  description,
  error = null,
  mono = false,
  className,
  ...input
}: Omit<ComponentProps<typeof Base.Control>, "className"> &
  FieldParts & { readonly mono?: boolean; readonly className?: string }) {
  return (
    <Base.Root className={classNames(styles.field, className)} invalid={error !== null}>
      <Base.Label className={styles.label}>{label}</Base.Label>
      <Base.Control className={classNames(styles.input, mono && styles.mono)} {...input} />
      {description !== undefined && <Base.Description className={styles.description}>{description}</Base.Description>}
      <Base.Error className={styles.error} match={error !== null}>
        {error}
      </Base.Error>
    </Base.Root>
  );
}

/** A labelled text of several lines. */
export function TextAreaField({ label, description, ...area }: ComponentProps<"textarea"> & FieldParts) {
  return (
    <Base.Root className={styles.field}>
      <Base.Label className={styles.label}>{label}</Base.Label>
      <Base.Control render={<textarea className={styles.input} {...area} />} />
      {description !== undefined && <Base.Description className={styles.description}>{description}</Base.Description>}
    </Base.Root>
  );
}
