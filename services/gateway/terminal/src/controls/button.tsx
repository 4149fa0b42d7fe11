import type { ComponentProps } from "react";
import styles from "./button.module.css";
import { classNames } from "./class-names.ts";

/** A button's looks. */
export interface ButtonLooks {
  readonly look?: "plain" | "primary" | "quiet" | "danger";
  readonly small?: boolean;
}

/** A button with a text. */
export function Button({
  look = "plain",
  small = false,
  className,
  type = "button",
  ...rest
}: ComponentProps<"button"> & ButtonLooks) {
  return <button type={type} className={buttonClass({ look, small }, className)} {...rest} />;
}

/** A button that is only an icon; its label is read aloud and shown on hover. */
export function IconButton({
  label,
  small = false,
  className,
  type = "button",
  ...rest
}: ComponentProps<"button"> & { readonly label: string; readonly small?: boolean }) {
  return (
    <button
      type={type}
      aria-label={label}
      title={label}
      className={classNames(styles.button, styles.icon, small && styles.small, className)}
      {...rest}
    />
  );
}

/** The classes of a button, for links and triggers that look like one. */
export function buttonClass({ look = "plain", small = false }: ButtonLooks, className?: string): string {
  return classNames(styles.button, look !== "plain" && styles[look], small && styles.small, className);
}
