import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { isAddress, parseAddress, zeroAddress } from "./address.ts";
import { bytesToHex, bytesToHexByDigits, hexToBytes, isHex, writeHex } from "./hex.ts";

describe("hex", () => {
  test("round trip, against Buffer", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const hex = bytesToHex(bytes);
        expect(hex).toBe(`0x${Buffer.from(bytes).toString("hex")}`);
        expect(bytesToHexByDigits(bytes)).toBe(hex);
        expect(bytesToHex(bytes.subarray(bytes.length >> 1))).toBe(`0x${hex.slice(2 + 2 * (bytes.length >> 1))}`);
        expect(hexToBytes(hex)).toEqual(bytes);
        expect(isHex(hex)).toBe(true);
        expect(isHex(hex, bytes.length)).toBe(true);
        expect(isHex(hex, bytes.length + 1)).toBe(false);
      }),
    );
  });

  test.each(["", "0", "0x0", "0X00", "00", "0xAB", "0x0g", "0x0 ", "0x\u01300", "0x0\uff10", " 0x00", "0x00\n"])(
    "%j is not hex",
    (text) => {
      expect(isHex(text)).toBe(false);
      expect(() => hexToBytes(text)).toThrow("HEX_MALFORMED");
    },
  );

  test("writes in place and only the length that was asked for", () => {
    const target = new Uint8Array(4);
    writeHex("0xabcd", target, 1, 2);
    expect([...target]).toEqual([0, 0xab, 0xcd, 0]);
    expect(() => writeHex("0xabcd", target, 0, 3)).toThrow("HEX_MALFORMED");
  });

  test("addresses are lower-case and 20 bytes", () => {
    expect(parseAddress(zeroAddress)).toBe(zeroAddress);
    expect(isAddress("0xcd2a3d9f938e13cd947ec05abc7fe734df8dd826")).toBe(true);
    for (const text of [
      "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826",
      "0x00",
      "cd2a3d9f938e13cd947ec05abc7fe734df8dd826",
    ]) {
      expect(() => parseAddress(text)).toThrow("ADDRESS_MALFORMED");
    }
    expect(isAddress(7)).toBe(false);
  });
});
