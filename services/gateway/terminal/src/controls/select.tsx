import { Select as Base } from "@base-ui/react/select";
import { Check, ChevronsUpDown } from "lucide-react";
import { classNames } from "./class-names.ts";
import styles from "./popup.module.css";
import selectStyles from "./select.module.css";

/** One choice. */
export interface SelectOption<V extends string> {
  readonly value: V;
  readonly label: string;
  /** A second line under the label. */
  readonly detail?: string;
  /** At the end of the line. */
  readonly note?: string;
}

/** What a select is. */
export interface SelectProps<V extends string> {
  readonly label: string;
  readonly value: V | null;
  readonly options: readonly SelectOption<V>[];
  readonly onChange: (value: V) => void;
  readonly placeholder?: string;
  /** Without a border, for bars. */
  readonly quiet?: boolean;
  readonly testId?: string;
}

/** Chooses one of a list. */
export function Select<V extends string>({
  label,
  value,
  options,
  onChange,
  placeholder = "Choose",
  quiet = false,
  testId,
}: SelectProps<V>) {
  return (
    <Base.Root
      items={options.map(({ value: each, label: text }) => ({ value: each, label: text }))}
      value={value}
      onValueChange={(next) => next !== null && onChange(next)}
    >
      <Base.Trigger
        aria-label={label}
        className={classNames(selectStyles.trigger, quiet && selectStyles.quiet)}
        data-testid={testId}
      >
        <Base.Value className={selectStyles.value}>
          {(current: V | null) => options.find((each) => each.value === current)?.label ?? placeholder}
        </Base.Value>
        <Base.Icon className={selectStyles.icon}>
          <ChevronsUpDown size={14} aria-hidden />
        </Base.Icon>
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner
          className={styles.positioner}
          sideOffset={6}
          alignItemWithTrigger={false}
          align="start"
          collisionPadding={12}
        >
          <Base.Popup className={styles.list}>
            <Base.List>
              {options.map((option) => (
                <Base.Item key={option.value} value={option.value} className={styles.item}>
                  <Base.ItemIndicator className={styles.check}>
                    <Check size={15} aria-hidden />
                  </Base.ItemIndicator>
                  <Base.ItemText className={styles.label}>
                    {option.label}
                    {option.detail !== undefined && <small>{option.detail}</small>}
                  </Base.ItemText>
                  {option.note !== undefined && <span className={styles.note}>{option.note}</span>}
                </Base.Item>
              ))}
            </Base.List>
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
