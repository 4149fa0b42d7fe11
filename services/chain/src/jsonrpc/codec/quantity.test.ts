import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { quantity, readCount, readQuantity, readQuantity32, readQuantity64 } from "./quantity.ts";

describe("quantities", () => {
  test("every 256-bit number is read back from its text", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }), (value) => readQuantity(quantity(value)) === value),
    );
  });

  test("zero is 0x0, capitals are taken", () => {
    expect(quantity(0)).toBe("0x0");
    expect(readQuantity("0x0")).toBe(0n);
    expect(readQuantity("0XaB")).toBe(171n);
  });

  test.each([
    ["0x", 'hex string "0x"'],
    ["", "empty hex string"],
    ["12", "hex string without 0x prefix"],
    ["0x00", "hex number with leading zero digits"],
    ["0x0123", "hex number with leading zero digits"],
    ["0x1g", "invalid hex string"],
    [`0x1${"0".repeat(64)}`, "hex number > 256 bits"],
    [12, "cannot unmarshal non-string as a hex number"],
    [{}, "cannot unmarshal non-string as a hex number"],
  ])("%j is refused: %s", (value, reason) => {
    expect(() => readQuantity(value)).toThrow(reason);
  });

  test("widths end where they should", () => {
    expect(readQuantity64("0xffffffffffffffff")).toBe(2n ** 64n - 1n);
    expect(() => readQuantity64("0x10000000000000000")).toThrow("> 64 bits");
    expect(readQuantity32("0xffffffff")).toBe(2 ** 32 - 1);
    expect(() => readQuantity32("0x100000000")).toThrow("> 32 bits");
    expect(readQuantity(`0x${"f".repeat(64)}`)).toBe(2n ** 256n - 1n);
  });

  test("counts may be numbers", () => {
    expect(readCount(4)).toBe(4n);
    expect(readCount("4")).toBe(4n);
    expect(readCount("0x4")).toBe(4n);
    for (const value of [-1, 1.5, 2 ** 60, "99999999999999999999", null]) {
      expect(() => readCount(value)).toThrow();
    }
  });
});
