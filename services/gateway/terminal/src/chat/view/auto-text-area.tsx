import { type KeyboardEvent, type RefObject, useEffect, useLayoutEffect, useRef } from "react";
import styles from "./auto-text-area.module.css";

interface AutoTextAreaProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly onKeyDown?: (event: KeyboardEvent<HTMLTextAreaElement>) => void;
  readonly placeholder?: string;
  readonly testId?: string;
  readonly autoFocus?: boolean;
  readonly areaRef?: RefObject<HTMLTextAreaElement | null>;
}

/** A text field that is as high as its text, up to a third of the screen. */
export function AutoTextArea({
  label,
  value,
  onChange,
  onKeyDown,
  placeholder,
  testId,
  autoFocus = false,
  areaRef,
}: AutoTextAreaProps) {
  const own = useRef<HTMLTextAreaElement>(null);
  const ref = areaRef ?? own;
  useLayoutEffect(() => {
    const area = ref.current;
    if (area === null) return;
    area.style.height = "auto";
    area.style.height = `${area.scrollHeight}px`;
  }, [ref, value]);
  useEffect(() => {
    if (!autoFocus) return;
    ref.current?.focus();
    ref.current?.setSelectionRange(ref.current.value.length, ref.current.value.length);
  }, [ref, autoFocus]);
  return (
    <textarea
      ref={ref}
      className={styles.area}
      aria-label={label}
      rows={1}
      value={value}
      placeholder={placeholder}
      data-testid={testId}
      onChange={(event) => onChange(event.target.value)}
      onKeyDown={onKeyDown}
    />
  );
}
