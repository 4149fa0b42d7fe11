import { z } from "zod";

/** Any text that is not empty. */
export function text(): z.ZodType<string> {
  return z.string("is not set").min(1);
}

/** Text, or undefined when it is not given. */
export function optionalText(): z.ZodType<string | undefined> {
  return z.string().optional();
}

/** A whole number within bounds. */
export function integer(bounds: { min: number; max: number }): z.ZodType<number> {
  return z
    .string("is not set")
    .regex(/^-?\d+$/, "is not a whole number")
    .transform(Number)
    .pipe(z.number().int().min(bounds.min).max(bounds.max));
}

/** An amount as a bigint within bounds. */
export function bigInteger(bounds: { min: bigint; max?: bigint }): z.ZodType<bigint> {
  const inBounds = z.bigint().min(bounds.min);
  return z
    .string("is not set")
    .regex(/^-?\d+$/, "is not a whole number")
    .transform(BigInt)
    .pipe(bounds.max === undefined ? inBounds : inBounds.max(bounds.max));
}

/** `true` or `false`. */
export function flag(): z.ZodType<boolean> {
  return z
    .enum(["true", "false"], "is neither true nor false")
    .transform((value) => value === "true")
    .pipe(z.boolean());
}

/** Comma-separated items; blanks around them do not count. */
export function list(): z.ZodType<readonly string[]> {
  return z
    .string("is not set")
    .transform((value) =>
      value
        .split(",")
        .map((item) => item.trim())
        .filter((item) => item !== ""),
    )
    .pipe(z.array(z.string()));
}

/** An http or https URL. */
export function url(): z.ZodType<string> {
  return z.url({ protocol: /^https?$/, error: "is not an http or https URL" });
}
