import { describe, expect, test } from "@jest/globals";
import { bn254 } from "@noble/curves/bn254.js";
import fc from "fast-check";
import { createBn254G2Check } from "../src/bn254-subgroup.ts";
import { createG2 } from "../src/curve-group.ts";
import { FieldCodec } from "../src/field-codec.ts";
import { loadMcl } from "../src/mcl.ts";
import { at, hex, outcome } from "./at.ts";
import { bn, concat, word } from "./encode-points.ts";

const [add, mul, pairing] = [at(0x06), at(0x07), at(0x08)];
const { G1, G2, fields } = bn254;
const p = fields.Fp.ORDER;
const order = fields.Fr.ORDER;
const infinity = new Uint8Array(64);
const yes = hex(word(1n));
const no = hex(word(0n));
const scalars = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
  fc.constantFrom(0n, 1n, order - 1n, order, order + 1n),
);

function encode(point: typeof G1.Point.BASE): Uint8Array {
  return point.is0() ? infinity : bn.g1(point.toAffine());
}

function times(scalar: bigint): typeof G1.Point.BASE {
  return G1.Point.BASE.multiplyUnsafe(scalar % order);
}

describe("agrees with @noble/curves", () => {
  test("sums and multiples", () => {
    fc.assert(
      fc.property(scalars, scalars, (left, right) => {
        const [a, b] = [times(left), times(right)];
        expect(outcome(add, concat(encode(a), encode(b)))).toBe(hex(encode(a.add(b))));
        expect(outcome(add, concat(encode(a), encode(a)))).toBe(hex(encode(a.double())));
        expect(outcome(add, concat(encode(a), encode(a.negate())))).toBe(hex(infinity));
        expect(outcome(mul, concat(encode(a), word(right)))).toBe(hex(encode(a.multiplyUnsafe(right % order))));
      }),
      { numRuns: 15 },
    );
  });
});

describe("pairing", () => {
  const pair = (left: bigint, right: bigint): Uint8Array => concat(bn.g1Times(left), bn.g2Times(right));

  test("is bilinear: the product is one when the exponents sum to zero, and only then", () => {
    const small = fc.bigInt({ min: 1n, max: 2n ** 64n });
    fc.assert(
      fc.property(small, small, (a, b) => {
        expect(outcome(pairing, concat(pair(a, b), pair(order - ((a * b) % order), 1n)))).toBe(yes);
        expect(outcome(pairing, concat(pair(a, b), pair(order - ((a * b + 1n) % order), 1n)))).toBe(no);
      }),
      { numRuns: 10 },
    );
  });

  test("of nothing, and with infinity on either side, is one", () => {
    expect(outcome(pairing, new Uint8Array(0))).toBe(yes);
    expect(outcome(pairing, new Uint8Array(192))).toBe(yes);
    expect(outcome(pairing, concat(bn.g1Times(3n), new Uint8Array(128)))).toBe(yes);
    expect(outcome(pairing, concat(infinity, bn.g2Times(3n)))).toBe(yes);
    expect(outcome(pairing, concat(infinity, bn.g2Times(3n), pair(1n, 1n)))).toBe(no);
  });

  test("takes more pairs than one Miller loop shares", () => {
    for (const count of [15, 16, 17, 33]) {
      const pairs = Array.from({ length: count }, (_, index) => pair(BigInt(index + 1), 1n));
      const sum = BigInt((count * (count + 1)) / 2);
      expect([count, outcome(pairing, concat(...pairs, pair(order - sum, 1n)))]).toEqual([count, yes]);
      expect([count, outcome(pairing, concat(...pairs, pair(order - sum - 1n, 1n)))]).toEqual([count, no]);
    }
  });

  test("costs by whole pairs and fails for a part of one", () => {
    expect([0, 191, 192, 384].map((length) => pairing.gas(new Uint8Array(length)))).toEqual([
      45_000, 45_000, 79_000, 113_000,
    ]);
    for (const length of [1, 64, 191, 193]) expect(outcome(pairing, new Uint8Array(length))).toBe("failure");
  });

  test("refuses points outside G1 and G2, wherever they are", () => {
    const good = pair(2n, 3n);
    const outsideG2 = bn.g2(twistPointOutsideG2());
    const bad = [
      concat(word(1n), word(3n), bn.g2Times(1n)),
      concat(word(p + 1n), word(2n), bn.g2Times(1n)),
      concat(bn.g1Times(1n), bn.g2Times(1n).fill(0, 0, 32)),
      concat(bn.g1Times(1n), word(p), bn.g2Times(1n).subarray(32)),
      concat(bn.g1Times(1n), outsideG2),
      concat(infinity, outsideG2),
      concat(word(1n), word(1n), new Uint8Array(128)),
    ];
    for (const [index, input] of bad.entries()) {
      expect([index, outcome(pairing, input)]).toEqual([index, "failure"]);
      expect([index, outcome(pairing, concat(good, input))]).toEqual([index, "failure"]);
      expect([index, outcome(pairing, concat(input, good))]).toEqual([index, "failure"]);
    }
  });
});

describe("addition and multiplication", () => {
  test("refuse coordinates from p on and points off the curve", () => {
    const { x, y } = times(5n).toAffine();
    const bad = [
      concat(word(1n), word(1n)),
      concat(word(0n), word(1n)),
      concat(word(x + p), word(y)),
      concat(word(x), word(y + p)),
      concat(word(p), word(0n)),
      concat(word(p), word(p)),
      new Uint8Array(64).fill(0xff),
    ];
    for (const [index, point] of bad.entries()) {
      expect([index, outcome(add, concat(point, infinity))]).toEqual([index, "failure"]);
      expect([index, outcome(add, concat(infinity, point))]).toEqual([index, "failure"]);
      expect([index, outcome(mul, concat(point, word(0n)))]).toEqual([index, "failure"]);
    }
  });

  test("read missing input as zero and ignore what is too much", () => {
    const point = bn.g1Times(5n);
    expect(outcome(add, new Uint8Array(0))).toBe(hex(infinity));
    expect(outcome(add, point)).toBe(hex(point));
    expect(outcome(add, concat(point, infinity, word(7n)))).toBe(hex(point));
    expect(outcome(mul, point)).toBe(hex(infinity));
    expect(outcome(mul, concat(point, Uint8Array.of(0x01)))).toBe(hex(encode(times(5n * 2n ** 248n))));
    expect(outcome(mul, concat(point, word(2n), word(7n)))).toBe(hex(bn.g1Times(10n)));
    expect(outcome(add, point.subarray(0, 40))).toBe("failure");
  });
});

describe("membership in G2", () => {
  test("is as multiplication by the order says, for points inside, outside and in between", async () => {
    const mcl = await loadMcl("bn254");
    const codec = new FieldCodec({ wordBytes: 32, modulus: word(p) }, mcl);
    const [group, isInG2] = [createG2(mcl, codec, "imaginary"), createBn254G2Check(mcl, codec)];
    const place = mcl._malloc(group.pointBytes);
    const outside = G2.Point.fromAffine(twistPointOutsideG2());
    // Outside only by a part that the order leaves, at its largest and at its smallest: what a sloppy check overlooks.
    const cofactor = 2n * p - order;
    const times = (point: typeof outside, scalar: bigint): typeof outside =>
      [...scalar.toString(2)].reduce(
        (sum, bit) => (bit === "1" ? sum.double().add(point) : sum.double()),
        G2.Point.ZERO,
      );
    const leftOver = times(outside, order);
    const small = [10_069n, 5_864_401n].map((prime) => times(leftOver, cofactor / prime));
    expect(small.map((point) => point.is0())).toEqual([false, false]);
    const parts = [G2.Point.ZERO, leftOver, ...small];
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: order - 1n }), fc.constantFrom(...parts), (scalar, part) => {
        const point = G2.Point.BASE.multiplyUnsafe(scalar).add(part);
        if (point.is0()) return;
        expect(group.read(bn.g2(point.toAffine()), 0, place)).toBe("point");
        expect(isInG2(place)).toBe(part.is0());
        expect(group.hasGroupOrder(place)).toBe(part.is0());
      }),
      { numRuns: 25 },
    );
  });
});

/** A point of the twist whose order is not that of G2, found by counting up x. */
function twistPointOutsideG2(): Parameters<typeof bn.g2>[0] {
  const { Fp2 } = fields;
  const b = Fp2.sub(Fp2.sqr(G2.Point.BASE.y), Fp2.mul(Fp2.sqr(G2.Point.BASE.x), G2.Point.BASE.x));
  for (let c0 = 1n; ; c0++) {
    const x = { c0, c1: 0n };
    try {
      const y = Fp2.sqrt(Fp2.add(Fp2.mul(Fp2.sqr(x), x), b));
      if (!G2.Point.fromAffine({ x, y }).isTorsionFree()) return { x, y };
    } catch {
      // No square root: no point has this x.
    }
  }
}
