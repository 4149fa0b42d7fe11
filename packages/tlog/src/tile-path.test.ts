import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { formatTilePath, parseTilePath } from "./tile-path.ts";

describe("tile paths", () => {
  test("are those of the specification", () => {
    expect(formatTilePath({ level: 0, index: 1234067n, width: 256 })).toBe("tile/0/x001/x234/067");
    expect(formatTilePath({ level: 63, index: 0n, width: 1 })).toBe("tile/63/000.p/1");
    expect(formatTilePath({ level: "entries", index: 999n, width: 255 })).toBe("tile/entries/999.p/255");
    expect(parseTilePath("tile/0/x001/x234/067")).toEqual({ level: 0, index: 1234067n, width: 256 });
    expect(parseTilePath("tile/entries/x001/000.p/9")).toEqual({ level: "entries", index: 1000n, width: 9 });
  });

  test("have one spelling each", () => {
    const bad = [
      "",
      "tile",
      "/tile/0/000",
      "tile/0/000/",
      "tile/0/0",
      "tile/0/0000",
      "tile/00/000",
      "tile/01/000",
      "tile/64/000",
      "tile/-1/000",
      "tile/data/000",
      "tile/0/x000/001",
      "tile/0/001/002",
      "tile/0/x001",
      "tile/0/x001/x002",
      "tile/0/000.p/0",
      "tile/0/000.p/256",
      "tile/0/000.p/01",
      "tile/0/000.p/",
      "tile/0/000.p",
      "tile/0/000.P/1",
      "tile/0/../000",
      "tile/0/٠٠٠",
      "tile/0/000\n",
      `tile/0/${"x001/".repeat(20)}000`,
      "tile/0/x036/x028/x797/x018/x963/968",
    ];
    for (const path of bad) {
      expect([path, attempt(() => parseTilePath(path))]).toEqual([
        path,
        expect.stringContaining("TILE_PATH_MALFORMED"),
      ]);
    }
    expect(parseTilePath("tile/0/x036/x028/x797/x018/x963/967").index).toBe(2n ** 55n - 1n);
  });

  test("are read back", () => {
    const id = fc.record({
      level: fc.oneof(fc.nat(63), fc.constant("entries" as const)),
      index: fc.bigInt(0n, 2n ** 55n - 1n),
      width: fc.integer({ min: 1, max: 256 }),
    });
    fc.assert(fc.property(id, (tile) => expect(parseTilePath(formatTilePath(tile))).toEqual(tile)));
  });
});

function attempt(run: () => unknown): string {
  try {
    return String(run());
  } catch (error) {
    return String(error);
  }
}
