import { afterAll, describe, expect, test } from "@jest/globals";
import { EthereumError } from "../src/fault.ts";
import { decodeRlp, encodeRlp, type RlpInput } from "../src/rlp.ts";
import { archive, casesUnder, hasArchive, unpack } from "./ethereum-tests.ts";

type Value = string | number | readonly Value[];
interface RlpCase {
  readonly in: Value;
  readonly out: string;
}

function toInput(value: Value): RlpInput {
  if (typeof value === "number") return value;
  if (typeof value !== "string") return value.map(toInput);
  // A number sign marks a scalar too large for JSON.
  return value.startsWith("#") ? BigInt(value.slice(1)) : new Uint8Array(Buffer.from(value));
}

function toBytes(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex.replace(/^0x/, ""), "hex"));
}

if (!hasArchive) {
  test(`published RLP vectors are left out: ${archive} is not there (KOINON_VECTORS names its folder)`, () => {
    expect(hasArchive).toBe(false);
  });
} else {
  const folder = unpack("RLPTests");
  afterAll(() => folder.remove());

  describe("RLPTests", () => {
    test.each([...casesUnder<RlpCase>(`${folder.path}/RLPTests`)])("%s", (_name, { in: value, out }) => {
      const bytes = toBytes(out);
      if (value === "INVALID") {
        expect(() => decodeRlp(bytes)).toThrow(EthereumError);
        return;
      }
      if (value !== "VALID") expect(encodeRlp(toInput(value))).toEqual(bytes);
      expect(encodeRlp(decodeRlp(bytes))).toEqual(bytes);
    });
  });
}
