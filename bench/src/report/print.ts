import { writeFileSync } from "node:fs";
import { describeHardware, type Hardware } from "./hardware.ts";
import type { Row } from "./row.ts";

/** Prints hardware and rows as a table on stdout, and writes both to a JSON file when asked. */
export function printReport(rows: readonly Row[], jsonFile: string | undefined): void {
  const hardware = describeHardware();
  process.stdout.write(`${describe(hardware)}\n\n${table(rows)}\n`);
  if (jsonFile !== undefined) writeFileSync(jsonFile, `${JSON.stringify({ hardware, rows }, null, 2)}\n`);
}

function describe(hardware: Hardware): string {
  const gigabytes = (hardware.memoryBytes / 2 ** 30).toFixed(0);
  const machine = `${hardware.cpu}, ${hardware.cores} cores, ${gigabytes} GiB, ${hardware.system}, Node ${hardware.node}`;
  const curve = `${figure(hardware.recoveriesPerSecond)} recoveries/s a core with the curve's ${hardware.curve} build`;
  return `${machine}\nnow: ${figure(hardware.memoryReadNs)} ns a random read of memory, ${curve}`;
}

function table(rows: readonly Row[]): string {
  const header = ["bench", "case", "metric", "value", "unit", "against", "peer", "ratio", "note"];
  const cells = rows.map((row) => [
    row.bench,
    row.case,
    row.metric,
    figure(row.value),
    row.unit,
    row.against ?? "",
    figure(row.peer),
    row.ratio === undefined ? "" : `${row.ratio.toFixed(2)}x`,
    row.note ?? "",
  ]);
  const widths = header.map((title, column) =>
    Math.max(title.length, ...cells.map((line) => (line[column] as string).length)),
  );
  const line = (values: readonly string[]) =>
    values
      .map((value, column) => value.padEnd(widths[column] as number))
      .join("  ")
      .trimEnd();
  return [line(header), line(widths.map((width) => "-".repeat(width))), ...cells.map(line)].join("\n");
}

function figure(value: number | undefined): string {
  if (value === undefined) return "-";
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString("en-US");
  return value.toPrecision(3);
}
