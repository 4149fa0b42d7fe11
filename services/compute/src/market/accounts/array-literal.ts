/** An array of numbers, bigints or booleans as PostgreSQL reads it; the driver's own writer quotes and escapes every element. */
export function plainArray(values: readonly (number | bigint | boolean)[]): string {
  return `{${values.join(",")}}`;
}

/** An array of texts as PostgreSQL reads it. */
export function textArray(values: readonly string[]): string {
  const quoted = values.map((value) =>
    needsEscape.test(value) ? `"${value.replaceAll(escaped, "\\$&")}"` : `"${value}"`,
  );
  return `{${quoted.join(",")}}`;
}

const needsEscape = /["\\]/;
const escaped = /["\\]/g;
