import { Field } from "@base-ui/react/field";
import { Switch as Base } from "@base-ui/react/switch";
import type { ReactNode } from "react";
import styles from "./switch.module.css";

interface SwitchProps {
  readonly label: ReactNode;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
}

/** Turns something on or off. */
export function Switch({ label, checked, onChange }: SwitchProps) {
  return (
    <Field.Root>
      <Field.Label className={styles.row}>
        <span>{label}</span>
        <Base.Root checked={checked} onCheckedChange={onChange} className={styles.track}>
          <Base.Thumb className={styles.thumb} />
        </Base.Root>
      </Field.Label>
    </Field.Root>
  );
}
