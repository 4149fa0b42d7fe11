import { describe, expect, test } from "@jest/globals";
import { bls12_381 } from "@noble/curves/bls12-381.js";
import fc from "fast-check";
import { codec, g1, g2, mcl } from "../src/bls12-381-curve.ts";
import { loadNativeSubgroups, subgroups, wasmSubgroups } from "../src/bls12-381-subgroups.ts";
import { createMultiplication } from "../src/group-operations.ts";
import { at, hex, outcome } from "./at.ts";
import { bls, concat, word } from "./encode-points.ts";

const { G1, G2, fields } = bls12_381;
const p = fields.Fp.ORDER;
const order = fields.Fr.ORDER;
const { Fp, Fp2 } = fields;
const yes = hex(word(1n));
const no = hex(word(0n));
const scalars = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
  fc.constantFrom(0n, 1n, order - 1n, order, order + 1n, 2n ** 256n - 1n),
);

type PointG1 = typeof G1.Point.BASE;
type PointG2 = typeof G2.Point.BASE;
const encodeG1 = (point: PointG1): Uint8Array => (point.is0() ? new Uint8Array(128) : bls.g1(point.toAffine()));
const encodeG2 = (point: PointG2): Uint8Array => (point.is0() ? new Uint8Array(256) : bls.g2(point.toAffine()));
const outsideG1 = pointOutsideG1();
const outsideG2 = pointOutsideG2();

const groups = [
  {
    ...{ name: "G1", add: at(0x0b), msm: at(0x0c), encodedBytes: 128, base: bls.g1Times(1n) },
    times: (scalar: bigint) => encodeG1(G1.Point.BASE.multiplyUnsafe(scalar % order)),
    outside: bls.g1(outsideG1.toAffine()),
    twiceOutside: encodeG1(outsideG1.double()),
  },
  {
    ...{ name: "G2", add: at(0x0d), msm: at(0x0e), encodedBytes: 256, base: bls.g2Times(1n) },
    times: (scalar: bigint) => encodeG2(G2.Point.BASE.multiplyUnsafe(scalar % order)),
    outside: bls.g2(outsideG2.toAffine()),
    twiceOutside: encodeG2(outsideG2.double()),
  },
];

describe.each(groups)("$name", ({ add, msm, encodedBytes, times, outside, twiceOutside, base }) => {
  const infinity = new Uint8Array(encodedBytes);

  test("sums and multiples are those of @noble/curves", () => {
    fc.assert(
      fc.property(scalars, scalars, scalars, (a, b, c) => {
        expect(outcome(add, concat(times(a), times(b)))).toBe(hex(times(a + b)));
        expect(outcome(add, concat(times(a), times(a)))).toBe(hex(times(2n * a)));
        expect(outcome(msm, concat(times(a), word(b)))).toBe(hex(times(a * b)));
        const pairs = [times(a), word(b), times(b), word(c), times(c), word(a), infinity, word(a)];
        expect(outcome(msm, concat(...pairs))).toBe(hex(times(a * b + b * c + c * a)));
      }),
      { numRuns: 8 },
    );
  });

  test("more pairs than one pass takes, equal points and zero scalars among them", () => {
    for (const count of [255, 256, 257, 513]) {
      const pairs = Array.from({ length: count }, (_, index) => concat(base, word(BigInt(index % 7))));
      const sum = Array.from({ length: count }, (_, index) => index % 7).reduce((total, value) => total + value, 0);
      expect([count, outcome(msm, concat(...pairs))]).toEqual([count, hex(times(BigInt(sum)))]);
    }
  });

  test("points outside the subgroup are added but not multiplied", () => {
    expect(outcome(add, concat(outside, outside))).toBe(hex(twiceOutside));
    expect(outcome(add, concat(outside, infinity))).toBe(hex(outside));
    expect(outcome(msm, concat(outside, word(0n)))).toBe("failure");
    expect(outcome(msm, concat(base, word(1n), outside, word(1n)))).toBe("failure");
  });

  test("input of another length fails", () => {
    const lengths = [0, 1, encodedBytes, 2 * encodedBytes - 1, 2 * encodedBytes + 1, 4 * encodedBytes];
    for (const length of lengths) expect([length, outcome(add, new Uint8Array(length))]).toEqual([length, "failure"]);
    for (const length of [0, 32, encodedBytes, encodedBytes + 31, encodedBytes + 33]) {
      expect([length, outcome(msm, new Uint8Array(length))]).toEqual([length, "failure"]);
    }
    expect([0, 1].map((length) => msm.gas(new Uint8Array(length)))).toEqual([0, 0]);
  });

  test("coordinates from p on, padding that is not zero and points off the curve fail", () => {
    for (let at = 0; at < encodedBytes; at += 64) {
      const tooLarge = base.slice();
      tooLarge.set(word(p, 64), at);
      const overflowing = base.slice();
      overflowing.set(word(p + BigInt(`0x${hex(base.subarray(at, at + 64))}`), 64), at);
      const padded = base.slice();
      padded[at + 15] = 1;
      const padded0 = base.slice();
      padded0[at] = 0x80;
      const off = base.slice();
      off[at + 63] = (off[at + 63] as number) ^ 1;
      for (const [index, bad] of [tooLarge, overflowing, padded, padded0, off].entries()) {
        expect([at, index, outcome(add, concat(bad, infinity))]).toEqual([at, index, "failure"]);
        expect([at, index, outcome(add, concat(infinity, bad))]).toEqual([at, index, "failure"]);
        expect([at, index, outcome(msm, concat(bad, word(1n)))]).toEqual([at, index, "failure"]);
      }
    }
  });
});

describe("pairing check", () => {
  const check = at(0x0f);
  const pair = (left: bigint, right: bigint): Uint8Array => concat(bls.g1Times(left), bls.g2Times(right));

  test("is bilinear", () => {
    const small = fc.bigInt({ min: 1n, max: 2n ** 64n });
    fc.assert(
      fc.property(small, small, (a, b) => {
        expect(outcome(check, concat(pair(a, b), pair(order - ((a * b) % order), 1n)))).toBe(yes);
        expect(outcome(check, concat(pair(a, b), pair(order - ((a * b + 1n) % order), 1n)))).toBe(no);
      }),
      { numRuns: 8 },
    );
  });

  test("with infinity on either side is one; the other side is still checked", () => {
    const [none1, none2] = [new Uint8Array(128), new Uint8Array(256)];
    expect(outcome(check, concat(none1, none2))).toBe(yes);
    expect(outcome(check, concat(bls.g1Times(2n), none2))).toBe(yes);
    expect(outcome(check, concat(none1, bls.g2Times(2n)))).toBe(yes);
    expect(outcome(check, concat(bls.g1(outsideG1.toAffine()), none2))).toBe("failure");
    expect(outcome(check, concat(none1, bls.g2(outsideG2.toAffine())))).toBe("failure");
  });

  test("of nothing, or of a part of a pair, fails", () => {
    for (const length of [0, 1, 383, 385]) expect(outcome(check, new Uint8Array(length))).toBe("failure");
    expect([0, 384, 767, 768].map((length) => check.gas(new Uint8Array(length)))).toEqual([
      37_700, 70_300, 70_300, 102_900,
    ]);
  });
});

describe("maps", () => {
  const elements = fc.oneof(fc.bigInt({ min: 0n, max: p - 1n }), fc.constantFrom(0n, 1n, p - 1n));

  test("are those of @noble/curves", () => {
    fc.assert(
      fc.property(elements, elements, (a, b) => {
        // @ts-expect-error: the library's types ask for a list, its code for the one number that G1 maps from
        expect(outcome(at(0x10), word(a, 64))).toBe(hex(bls.g1(G1.mapToCurve(a))));
        expect(outcome(at(0x11), concat(word(a, 64), word(b, 64)))).toBe(hex(bls.g2(G2.mapToCurve([a, b]))));
      }),
      { numRuns: 10 },
    );
  });

  test("fail for elements from p on, padding and other lengths", () => {
    expect(outcome(at(0x10), word(p, 64))).toBe("failure");
    expect(outcome(at(0x10), new Uint8Array(64).fill(1, 0, 1))).toBe("failure");
    for (const length of [0, 63, 65, 128]) expect(outcome(at(0x10), new Uint8Array(length))).toBe("failure");
    expect(outcome(at(0x11), concat(word(p, 64), word(1n, 64)))).toBe("failure");
    expect(outcome(at(0x11), concat(word(1n, 64), word(p, 64)))).toBe("failure");
    for (const length of [0, 64, 127, 129]) expect(outcome(at(0x11), new Uint8Array(length))).toBe("failure");
  });
});

describe("subgroup checks", () => {
  test("the native binding is the one in use where it is prebuilt", () => {
    const prebuilt = ["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64", "win32-x64"];
    const isPrebuilt = prebuilt.includes(`${process.platform}-${process.arch}`);
    expect(subgroups.implementation).toBe(isPrebuilt ? "native" : "wasm");
    expect(loadNativeSubgroups() !== undefined).toBe(isPrebuilt);
  });

  test("both implementations agree with @noble/curves inside and outside", () => {
    const [place1, place2] = [mcl._malloc(g1.pointBytes), mcl._malloc(g2.pointBytes)];
    const implementations = [wasmSubgroups, loadNativeSubgroups() ?? wasmSubgroups];
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: order - 1n }), fc.boolean(), (scalar, isInside) => {
        const point1 = isInside ? G1.Point.BASE.multiply(scalar) : outsideG1.multiplyUnsafe(scalar);
        const point2 = isInside ? G2.Point.BASE.multiply(scalar) : outsideG2.multiplyUnsafe(scalar);
        const [encoded1, encoded2] = [encodeG1(point1), encodeG2(point2)];
        expect([g1.read(encoded1, 0, place1), g2.read(encoded2, 0, place2)]).toEqual(["point", "point"]);
        for (const { isInG1, isInG2 } of implementations) {
          expect(isInG1(encoded1, 0, place1)).toBe(point1.isTorsionFree());
          expect(isInG2(encoded2, 0, place2)).toBe(point2.isTorsionFree());
        }
      }),
      { numRuns: 12 },
    );
  });

  test("multiplication without the native binding is the same", () => {
    const multiply = createMultiplication(g1, wasmSubgroups.isInG1, { mcl, codec });
    const input = concat(bls.g1Times(3n), word(4n), bls.g1Times(5n), word(6n));
    expect(hex(multiply(input) ?? word(0n))).toBe(outcome(at(0x0c), input));
    expect(multiply(concat(input, bls.g1(outsideG1.toAffine()), word(1n)))).toBeUndefined();
  });
});

/** A point of the curve whose order is not that of G1, found by counting up x. */
function pointOutsideG1(): PointG1 {
  for (let x = 1n; ; x++) {
    try {
      const y = Fp.sqrt(Fp.add(Fp.mul(Fp.sqr(x), x), 4n));
      const point = G1.Point.fromAffine({ x, y });
      if (!point.isTorsionFree()) return point;
    } catch {
      // No square root: no point has this x.
    }
  }
}

/** As `pointOutsideG1`, on the twist. */
function pointOutsideG2(): PointG2 {
  for (let c0 = 1n; ; c0++) {
    const x = { c0, c1: 0n };
    try {
      const y = Fp2.sqrt(Fp2.add(Fp2.mul(Fp2.sqr(x), x), { c0: 4n, c1: 4n }));
      const point = G2.Point.fromAffine({ x, y });
      if (!point.isTorsionFree()) return point;
    } catch {
      // No square root: no point has this x.
    }
  }
}
