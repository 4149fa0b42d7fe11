/** An amount of micro-credits with its digits in groups: 1,234,567. */
export function amountInWords(microCredits: bigint | string): string {
  return String(microCredits).replace(/\B(?=([0-9]{3})+$)/g, ",");
}

/** A time as people write it, in UTC with milliseconds. */
export function timeInWords(milliseconds: number | bigint): string {
  return new Date(Number(milliseconds)).toISOString().replace("T", " ").replace("Z", " UTC");
}

/** "1 entry", "2,000 entries". */
export function countInWords(count: number | bigint, noun: string, plural = `${noun}s`): string {
  return `${amountInWords(String(count))} ${BigInt(count) === 1n ? noun : plural}`;
}

/** The start of an address or hash, enough to tell it from others. */
export function shortHex(hex: string): string {
  return hex.length <= 14 ? hex : `${hex.slice(0, 10)}…${hex.slice(-4)}`;
}

/** Rows as a table: columns aligned, the ones named numeric to the right. */
export function tableInWords(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  numeric: readonly number[] = [],
): string[] {
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? "").length)),
  );
  const line = (row: readonly string[]): string =>
    widths
      .map((width, column) =>
        numeric.includes(column) ? (row[column] ?? "").padStart(width) : (row[column] ?? "").padEnd(width),
      )
      .join("  ")
      .trimEnd();
  return [line(header), widths.map((width) => "-".repeat(width)).join("  "), ...rows.map(line)];
}
