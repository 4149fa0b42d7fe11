import { describe, expect, test } from "@jest/globals";
import { p256 } from "@noble/curves/nist.js";
import fc from "fast-check";
import { at, hex, outcome } from "./at.ts";
import { concat, word } from "./encode-points.ts";

const verify = at(0x100);
const yes = hex(word(1n));
const n = p256.Point.Fn.ORDER;
const p = p256.Point.Fp.ORDER;
const scalars = fc.bigInt({ min: 1n, max: n - 1n });

interface Call {
  readonly e: bigint;
  readonly r: bigint;
  readonly s: bigint;
  readonly x: bigint;
  readonly y: bigint;
}

const encode = ({ e, r, s, x, y }: Call): Uint8Array => concat(...[e, r, s, x, y].map((value) => word(value)));

/** A signature by the textbook: private key d, nonce k. */
function sign(e: bigint, d: bigint, k: bigint): Call {
  const { Fn } = p256.Point;
  const r = Fn.create(p256.Point.BASE.multiply(k).toAffine().x);
  const s = Fn.mul(Fn.inv(k), Fn.add(Fn.create(e), Fn.mul(r, d)));
  return { e, r, s, ...p256.Point.BASE.multiply(d).toAffine() };
}

describe("agrees with the textbook and with @noble/curves", () => {
  test("a signature is valid, the one with the other s too; a changed one is not", () => {
    const digests = fc.oneof(
      fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
      fc.constantFrom(0n, n - 1n, n, n + 1n, 2n ** 256n - 1n),
    );
    fc.assert(
      fc.property(digests, scalars, scalars, fc.nat(159), fc.integer({ min: 1, max: 255 }), (e, d, k, place, flip) => {
        const call = sign(e, d, k);
        const input = encode(call);
        expect(outcome(verify, input)).toBe(yes);
        expect(outcome(verify, encode({ ...call, s: n - call.s }))).toBe(yes);
        input[place] = (input[place] as number) ^ flip;
        expect(outcome(verify, input)).toBe(byNoble(input) ? yes : "");
      }),
      { numRuns: 40 },
    );
  });

  test("where the two summands are equal, opposite or infinity", () => {
    fc.assert(
      fc.property(scalars, scalars, (d, k) => {
        const { r } = sign(0n, d, k);
        const equal = encode(sign((r * d) % n, d, k));
        expect([outcome(verify, equal), byNoble(equal)]).toEqual([yes, true]);
        // e = -r d makes R infinity, whatever s is.
        const opposite = encode({ ...sign(0n, d, k), e: n - ((r * d) % n), s: k });
        expect([outcome(verify, opposite), byNoble(opposite)]).toEqual(["", false]);
        for (const e of [0n, n]) expect(outcome(verify, encode(sign(e, d, k)))).toBe(yes);
      }),
      { numRuns: 15 },
    );
  });
});

test("numbers out of range and keys that are no points are no signature, and no failure", () => {
  const call = sign(5n, 6n, 7n);
  const bad: readonly Call[] = [
    { ...call, r: 0n },
    { ...call, r: n },
    { ...call, r: call.r + n > 2n ** 256n ? n : call.r + n },
    { ...call, s: 0n },
    { ...call, s: n },
    { ...call, x: 0n, y: 0n },
    { ...call, x: p },
    { ...call, y: p },
    { ...call, y: p - call.y },
    { ...call, y: call.y + 1n },
  ];
  for (const [index, input] of bad.map(encode).entries()) expect([index, outcome(verify, input)]).toEqual([index, ""]);
  const valid = encode(call);
  for (const input of [new Uint8Array(0), valid.subarray(1), valid.subarray(0, 159), concat(valid, word(0n))]) {
    expect(outcome(verify, input)).toBe("");
  }
});

function byNoble(input: Uint8Array): boolean {
  try {
    const publicKey = concat(Uint8Array.of(4), input.subarray(96));
    return p256.verify(input.subarray(32, 96), input.subarray(0, 32), publicKey, { prehash: false, lowS: false });
  } catch {
    return false;
  }
}
