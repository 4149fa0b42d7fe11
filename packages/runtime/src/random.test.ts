import { expect, test } from "@jest/globals";
import { systemRandom } from "./random.ts";

test("gives as many bytes as it is asked for, of its own, and never the same twice", () => {
  const counts = [0, 1, 8, 16, 32, 32, 511, 512, 513, 5_000];
  for (const count of counts) expect(systemRandom.bytes(count)).toHaveLength(count);
  const seen = new Set<string>();
  for (let round = 0; round < 2_000; round++) {
    const bytes = systemRandom.bytes(16);
    expect(bytes.buffer.byteLength).toBe(16);
    seen.add(Buffer.from(bytes).toString("hex"));
  }
  expect(seen.size).toBe(2_000);
});

test("fills every byte", () => {
  const sums = new Array<number>(32).fill(0);
  for (let round = 0; round < 64; round++) {
    for (const [place, byte] of systemRandom.bytes(32).entries()) sums[place] = (sums[place] ?? 0) | byte;
  }
  // Each place stays zero with probability 2^-512.
  expect(sums.every((sum) => sum > 0)).toBe(true);
});
