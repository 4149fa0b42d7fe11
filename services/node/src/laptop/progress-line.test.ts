import { describe, expect, test } from "@jest/globals";
import { createProgressPrinter } from "./progress-line.ts";

const progress = (doneBytes: number, totalBytes: number | null = 10_000_000) =>
  ({ phase: "downloading", what: "model.gguf", doneBytes, totalBytes }) as const;

function collect(isTerminal: boolean, steps: ReturnType<typeof progress>[]): string[] {
  const written: string[] = [];
  const print = createProgressPrinter({ write: (text) => written.push(text), isTerminal });
  for (const step of steps) print(step);
  return written;
}

describe("progress of a download", () => {
  test("is a line per tenth where there is no terminal", () => {
    const steps = Array.from({ length: 101 }, (_, percent) => progress(percent * 100_000));
    const written = collect(false, steps);
    expect(written).toHaveLength(11);
    expect(written[5]).toBe(`  downloading model.gguf [${"#".repeat(15)}${".".repeat(15)}]  50 % 5.0 MB\n`);
  });

  test("is one moving line on a terminal, ended when it is whole", () => {
    const written = collect(true, [progress(0), progress(5_000_000), progress(10_000_000)]);
    expect(written.map((text) => text.endsWith("\n"))).toEqual([false, false, true]);
    expect(written.every((text) => text.startsWith("\r"))).toBe(true);
  });

  test("is silent about small files and says unknown sizes without a bar", () => {
    expect(collect(false, [progress(10, 999_999)])).toEqual([]);
    expect(collect(false, [progress(10, null)])).toEqual(["  downloading model.gguf\n"]);
  });
});
