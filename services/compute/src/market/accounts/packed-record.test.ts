import { describe, expect, test } from "@jest/globals";
import { plainArray, textArray } from "./array-literal.ts";
import { PackedRecord } from "./packed-record.ts";

describe("PackedRecord", () => {
  test("puts fields one after the other", () => {
    const record = new PackedRecord(6).hex("0x0102", 2).raw(Uint8Array.of(3), 1).hex("0xfffefd", 3);
    expect(record.bytes.toString("hex")).toBe("010203fffefd");
  });

  test("takes no field of another size", () => {
    const record = () => new PackedRecord(8);
    for (const value of ["0x01", "0x010203", "0x01zz", "010203"] as `0x${string}`[]) {
      expect(() => record().hex(value, 2)).toThrow("a field of 2 bytes");
    }
    expect(() => record().raw(Uint8Array.of(1, 2, 3), 2)).toThrow("a field of 2 bytes");
  });
});

test("array literals quote what has to be quoted", () => {
  expect(plainArray([1, 2n, true])).toBe("{1,2,true}");
  expect(textArray(["plain", "", 'say "hi"', "back\\slash", "{a,b}", "NULL"])).toBe(
    '{"plain","","say \\"hi\\"","back\\\\slash","{a,b}","NULL"}',
  );
  expect(textArray([])).toBe("{}");
});
