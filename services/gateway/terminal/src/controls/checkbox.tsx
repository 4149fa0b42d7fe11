import { Checkbox as Base } from "@base-ui/react/checkbox";
import { Field } from "@base-ui/react/field";
import { Check } from "lucide-react";
import type { ReactNode } from "react";
import styles from "./checkbox.module.css";

interface CheckboxProps {
  readonly label: ReactNode;
  readonly note?: ReactNode;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
}

/** Takes something in or leaves it out. */
export function Checkbox({ label, note, checked, onChange }: CheckboxProps) {
  return (
    <Field.Root>
      <Field.Label className={styles.row}>
        <Base.Root checked={checked} onCheckedChange={onChange} className={styles.box}>
          <Base.Indicator className={styles.indicator}>
            <Check size={13} strokeWidth={3} aria-hidden />
          </Base.Indicator>
        </Base.Root>
        <span className={styles.label}>{label}</span>
        {note !== undefined && <span className={styles.note}>{note}</span>}
      </Field.Label>
    </Field.Root>
  );
}
