import { describe, expect, test } from "@jest/globals";
import { isFault } from "@koinon/errors/domain-error";
import fc from "fast-check";
import { fromRlp, toRlp } from "viem";
import { decodeRlp, encodeRlp, encodeRlpList, type RlpItem } from "./rlp.ts";
import { RlpReader } from "./rlp-reader.ts";

const item = fc.letrec<{ item: RlpItem; list: readonly RlpItem[]; bytes: Uint8Array }>((tie) => ({
  item: fc.oneof({ depthSize: "small" }, tie("bytes"), tie("list")),
  list: fc.array(tie("item"), { maxLength: 6 }),
  bytes: fc.oneof(fc.uint8Array({ maxLength: 3 }), fc.uint8Array({ minLength: 50, maxLength: 70 })),
})).item;

type Nested = Uint8Array | Nested[];
const toNested = (value: RlpItem): Nested => (value instanceof Uint8Array ? value : value.map(toNested));

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof Error && "code" in error && typeof error.code === "string") return error.code;
    throw error;
  }
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe("encoding and decoding", () => {
  test("agree with each other and with viem", () => {
    fc.assert(
      fc.property(item, (value) => {
        const encoded = encodeRlp(value);
        expect(decodeRlp(encoded)).toEqual(value);
        expect(encoded).toEqual(toRlp(toNested(value), "bytes"));
        expect(fromRlp(encoded, "bytes")).toEqual(toNested(value));
      }),
    );
  });

  test("have one encoding per item: any bytes that decode encode to themselves", () => {
    fc.assert(
      fc.property(item, fc.nat(), fc.nat(255), (value, position, byte) => {
        const mutated = Uint8Array.from(encodeRlp(value));
        mutated[position % mutated.length] = byte;
        let decoded: RlpItem;
        try {
          decoded = decodeRlp(mutated);
        } catch {
          return;
        }
        expect(encodeRlp(decoded)).toEqual(mutated);
      }),
      { numRuns: 2_000 },
    );
  });

  test("write and read integers of any size up to 256 bits", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }), fc.nat(256), (value, shift) => {
        const integer = value >> BigInt(shift);
        const encoded = encodeRlp(integer);
        expect(new RlpReader(encoded).integer(32)).toBe(integer);
        expect(encoded).toEqual(toRlp(integer === 0n ? "0x" : `0x${evenHex(integer)}`, "bytes"));
        if (integer <= BigInt(Number.MAX_SAFE_INTEGER)) expect(encodeRlp(Number(integer))).toEqual(encoded);
      }),
    );
  });

  test("of a list of encoded items is that of the list", () => {
    fc.assert(
      fc.property(fc.array(item, { maxLength: 30 }), (items) => {
        expect(encodeRlpList(items.map((value) => encodeRlp(value)))).toEqual(encodeRlp(items));
      }),
    );
  });

  test("take hex as the bytes it writes and put a type byte in front", () => {
    expect(encodeRlp(["0x", "0x00", "0x7f", "0x80", "0x0102"])).toEqual(
      bytes(0xc8, 0x80, 0, 0x7f, 0x81, 0x80, 0x82, 1, 2),
    );
    expect(encodeRlp([1n], 2)).toEqual(bytes(2, 0xc1, 1));
  });
});

describe("malformed encodings", () => {
  const corpus: [string, Uint8Array, string][] = [
    ["nothing", bytes(), "RLP_TRUNCATED"],
    ["a string cut short", bytes(0x83, 1, 2), "RLP_TRUNCATED"],
    ["a list cut short", bytes(0xc2, 1), "RLP_TRUNCATED"],
    ["a length cut short", bytes(0xb9, 1), "RLP_TRUNCATED"],
    ["an item longer than its list", bytes(0xc2, 0x82, 1), "RLP_TRUNCATED"],
    ["a length of 2^64 - 1", bytes(0xbf, 255, 255, 255, 255, 255, 255, 255, 255), "RLP_TRUNCATED"],
    ["a list length of 2^64 - 1", bytes(0xff, 255, 255, 255, 255, 255, 255, 255, 255), "RLP_TRUNCATED"],
    ["a byte that needs no prefix", bytes(0x81, 0x7f), "RLP_NOT_CANONICAL"],
    ["a long length below 56", Uint8Array.of(0xb8, 55, ...new Uint8Array(55)), "RLP_NOT_CANONICAL"],
    ["a long list length below 56", Uint8Array.of(0xf8, 1, 1), "RLP_NOT_CANONICAL"],
    ["a length with a leading zero", Uint8Array.of(0xb9, 0, 56, ...new Uint8Array(56)), "RLP_NOT_CANONICAL"],
    ["a byte too many", bytes(0xc0, 0), "RLP_TRAILING_BYTES"],
    [
      "65 lists in each other",
      new Uint8Array(65).map((_, index) => (index < 9 ? 0xf7 : 0xc0 + 64 - index)),
      "RLP_TRUNCATED",
    ],
  ];

  test.each(corpus)("%s", (_name, encoded, code) => {
    expect(codeOf(() => decodeRlp(encoded))).toBe(code);
  });

  test("deep nesting is refused at the limit, not by the stack", () => {
    const nested = (depth: number): Uint8Array => {
      let encoded = bytes(0xc0);
      for (let level = 1; level < depth; level++) encoded = encodeRlpList([encoded]);
      return encoded;
    };
    expect(codeOf(() => decodeRlp(nested(64)))).toBeUndefined();
    expect(codeOf(() => decodeRlp(nested(65)))).toBe("RLP_TOO_DEEP");
    expect(codeOf(() => decodeRlp(nested(20_000)))).toBe("RLP_TOO_DEEP");
  });

  test("what is larger than the limit is refused unread", () => {
    const limits = { depthMax: 1, sizeBytesMax: 4 };
    expect(codeOf(() => decodeRlp(bytes(0x83, 1, 2, 3), limits))).toBeUndefined();
    expect(codeOf(() => decodeRlp(bytes(0x84, 1, 2, 3, 4), limits))).toBe("RLP_TOO_LARGE");
  });

  test("random bytes give an item or a typed error", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        expect(codeOf(() => decodeRlp(noise)) ?? "RLP_").toMatch(/^RLP_/);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("the reader", () => {
  test("refuses what has another shape", () => {
    expect(codeOf(() => new RlpReader(bytes(0xc0)).bytes())).toBe("RLP_WRONG_KIND");
    expect(codeOf(() => new RlpReader(bytes(0x80)).list())).toBe("RLP_WRONG_KIND");
    expect(codeOf(() => new RlpReader(bytes(0x82, 1, 2)).hex(3))).toBe("RLP_WRONG_LENGTH");
    expect(codeOf(() => new RlpReader(bytes(0x82, 1, 2)).integer(1))).toBe("RLP_INTEGER_TOO_LARGE");
    expect(codeOf(() => new RlpReader(bytes(0x82, 0, 2)).integer(8))).toBe("RLP_NOT_CANONICAL");
    expect(codeOf(() => new RlpReader(bytes(0)).integer(8))).toBe("RLP_NOT_CANONICAL");
    expect(codeOf(() => new RlpReader(bytes(1, 2)).finish())).toBe("RLP_TRAILING_BYTES");
  });

  test("keeps to its list", () => {
    const list = new RlpReader(bytes(0xc2, 1, 2, 3)).list();
    expect([list.integer(1), list.integer(1), list.isDone()]).toEqual([1n, 2n, true]);
    expect(
      isFault(
        catchOf(() => list.bytes()),
        "RLP_TRUNCATED",
      ),
    ).toBe(true);
  });
});

function catchOf(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}

function evenHex(value: bigint): string {
  const digits = value.toString(16);
  return digits.length % 2 === 0 ? digits : `0${digits}`;
}
