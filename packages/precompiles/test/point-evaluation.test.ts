import { DasContextJs } from "@crate-crypto/node-eth-kzg";
import { describe, expect, test } from "@jest/globals";
import { bls12_381 } from "@noble/curves/bls12-381.js";
import fc from "fast-check";
import { verifyOpening } from "../src/kzg.ts";
import { at, hex, outcome } from "./at.ts";
import { concat, word } from "./encode-points.ts";
import { type Opening, openLine, pointEvaluationInput } from "./sample-opening.ts";

const pointEvaluation = at(0x0a);
const order = bls12_381.fields.Fr.ORDER;
const success = hex(concat(word(4096n), word(order)));
const answerTo = (opening: Opening): string => outcome(pointEvaluation, pointEvaluationInput(opening));
const elements = fc.bigInt({ min: 0n, max: order - 1n });

test("openings of lines hold, and with any other value they do not", () => {
  fc.assert(
    fc.property(elements, elements, elements, (slope, constant, z) => {
      const opening = openLine(slope, constant, z);
      expect(answerTo(opening)).toBe(success);
      const other = (BigInt(`0x${hex(opening.y)}`) + 1n) % order;
      expect(answerTo({ ...opening, y: word(other) })).toBe("failure");
    }),
    { numRuns: 8 },
  );
});

test("constants and zero, whose proof or commitment is infinity", () => {
  expect(answerTo(openLine(0n, 7n, 9n))).toBe(success);
  expect(answerTo(openLine(0n, 0n, 9n))).toBe(success);
  expect(answerTo(openLine(5n, 0n, 0n))).toBe(success);
  expect(answerTo({ ...openLine(0n, 7n, 9n), y: word(8n) })).toBe("failure");
  expect(answerTo({ ...openLine(0n, 7n, 9n), proof: openLine(1n, 0n, 0n).proof })).toBe("failure");
});

test("malformed calls fail", () => {
  const opening = openLine(3n, 5n, 7n);
  const input = pointEvaluationInput(opening);
  expect(outcome(pointEvaluation, input)).toBe(success);
  for (const length of [0, 96, 191]) expect(outcome(pointEvaluation, input.subarray(0, length))).toBe("failure");
  expect(outcome(pointEvaluation, concat(input, Uint8Array.of(0)))).toBe("failure");
  // Every byte of hash, value, commitment and proof counts.
  for (let index = 0; index < input.length; index += 5) {
    const changed = input.slice();
    changed[index] = (changed[index] as number) ^ 1;
    expect([index, outcome(pointEvaluation, changed)]).toEqual([index, "failure"]);
  }
  // z and y must be reduced, although the equation would hold.
  expect(answerTo({ ...opening, z: word(7n + order) })).toBe("failure");
  expect(answerTo({ ...opening, y: word(26n + order) })).toBe("failure");
  expect(answerTo({ ...openLine(3n, 0n, 0n), z: word(order) })).toBe("failure");
});

describe("agrees with node-eth-kzg", () => {
  const native = DasContextJs.create({ usePrecomp: false });

  const nativeAnswer = ({ commitment, z, y, proof }: Opening): boolean | undefined => {
    try {
      return native.verifyKzgProof(commitment, z, y, proof);
    } catch {
      return undefined;
    }
  };
  const agree = (name: string, opening: Opening, expected: boolean | undefined): void => {
    const { commitment, z, y, proof } = opening;
    expect([name, verifyOpening(commitment, z, y, proof)]).toEqual([name, expected]);
    expect([name, nativeAnswer(opening)]).toEqual([name, expected]);
  };

  test("a blob", () => {
    const blob = Uint8Array.from({ length: 131_072 }, (_, index) => (index % 32 === 0 ? 0x3a : (index * 31) & 0xff));
    const commitment = native.blobToKzgCommitment(blob);
    const z = word(0x1234567890abcdefn);
    const [proof, y] = native.computeKzgProof(blob, z) as [Uint8Array, Uint8Array];
    agree("right", { commitment, z, y, proof }, true);
    agree("wrong", { commitment, z, y: word(1n), proof }, false);
    expect(answerTo({ commitment, z, y, proof })).toBe(success);
  });

  test("points that are malformed in every way", () => {
    const opening = openLine(3n, 5n, 7n);
    const flagged = (flags: number): Uint8Array => {
      const bytes = Uint8Array.from(opening.commitment);
      bytes[0] = ((bytes[0] as number) & 0x1f) | flags;
      return bytes;
    };
    const infinity = (first: number, last = 0): Uint8Array => {
      const bytes = new Uint8Array(48);
      bytes[0] = first;
      bytes[47] = last;
      return bytes;
    };
    const p = bls12_381.fields.Fp.ORDER;
    const withX = (x: bigint): Uint8Array => {
      const bytes = word(x, 48);
      bytes[0] = (bytes[0] as number) | 0x80;
      return bytes;
    };
    const malformed: Readonly<Record<string, Uint8Array>> = {
      "not compressed": flagged(0x00),
      "not compressed, odd": flagged(0x20),
      "infinity with coordinates": flagged(0xc0),
      "infinity with sign": infinity(0xe0),
      "infinity with a last bit": infinity(0xc0, 1),
      "infinity not compressed": infinity(0x40),
      zero: infinity(0x00),
      "x is the modulus": withX(p),
      "x above the modulus": withX(p + (BigInt(`0x${hex(opening.commitment)}`) % 2n ** 300n)),
      "no such point": withX(firstX((point) => point === undefined)),
      "outside the group": withX(firstX((point) => point !== undefined && !point.isTorsionFree())),
    };
    for (const [name, point] of Object.entries(malformed)) {
      agree(`commitment: ${name}`, { ...opening, commitment: point }, undefined);
      agree(`proof: ${name}`, { ...opening, proof: point }, undefined);
    }
    agree("z not reduced", { ...opening, z: word(order) }, undefined);
    agree("y not reduced", { ...opening, y: word(2n ** 256n - 1n) }, undefined);
  });
});

type Point = typeof bls12_381.G1.Point.BASE;

/** The smallest x whose point, or lack of one, is as asked for. */
function firstX(isWanted: (point: Point | undefined) => boolean): bigint {
  const { Fp } = bls12_381.fields;
  for (let x = 1n; ; x++) {
    let point: Point | undefined;
    try {
      point = bls12_381.G1.Point.fromAffine({ x, y: Fp.sqrt(Fp.add(Fp.mul(Fp.sqr(x), x), 4n)) });
    } catch {
      point = undefined;
    }
    if (isWanted(point)) return x;
  }
}
