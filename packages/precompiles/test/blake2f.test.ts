import { createHash } from "node:crypto";
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { at, hex, outcome } from "./at.ts";
import { concat, word } from "./encode-points.ts";

const blake2f = at(0x09);
// RFC 7693 section 2.6, with the parameters of an unkeyed 64-byte hash in the first word (section 2.5).
const initialState = Uint8Array.from(
  Buffer.from(
    "48c9bdf267e6096a3ba7ca8485ae67bb2bf894fe72f36e3cf1361d5f3af54fa5d182e6ad7f520e511f6c3e2b8c68059b6bbd41fbabd9831f79217e1319cde05b",
    "hex",
  ),
);

function call(rounds: number, state: Uint8Array, block: Uint8Array, counter: number, isFinal: boolean): Uint8Array {
  const t = new Uint8Array(16);
  new DataView(t.buffer).setUint32(0, counter, true);
  return concat(word(BigInt(rounds), 4), state, block, t, Uint8Array.of(isFinal ? 1 : 0));
}

test("hashes as BLAKE2b of OpenSSL does, block by block", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (message) => {
      let state = initialState;
      for (let start = 0; ; start += 128) {
        const block = new Uint8Array(128);
        block.set(message.subarray(start, start + 128));
        const end = Math.min(start + 128, message.length);
        const isFinal = end === message.length;
        const next = blake2f.run(call(12, state, block, end, isFinal));
        expect(next).toBeDefined();
        state = Uint8Array.from(next ?? []);
        if (isFinal) break;
      }
      expect(hex(state)).toBe(createHash("blake2b512").update(message).digest("hex"));
    }),
  );
});

test("more rounds than one call of the compiled loop takes are the same as from a plain implementation", () => {
  const block = Uint8Array.from({ length: 128 }, (_, index) => index * 3);
  for (const rounds of [0, 1, 9, 10, 11, 999, 1000, 1001, 2345]) {
    const input = call(rounds, initialState, block, 77, rounds % 2 === 1);
    expect([rounds, outcome(blake2f, input)]).toEqual([rounds, hex(plainF(input, rounds))]);
    expect(blake2f.gas(input)).toBe(rounds);
  }
});

test("other lengths and flags fail; a length that is wrong costs nothing", () => {
  const valid = call(3, initialState, new Uint8Array(128), 0, true);
  for (const length of [0, 4, 212]) expect(outcome(blake2f, valid.subarray(0, length))).toBe("failure");
  expect(outcome(blake2f, concat(valid, Uint8Array.of(0)))).toBe("failure");
  for (const flag of [2, 0x80, 0xff]) expect(outcome(blake2f, valid.slice().fill(flag, 212))).toBe("failure");
  expect([0, 212, 214].map((length) => blake2f.gas(new Uint8Array(length).fill(1)))).toEqual([0, 0, 0]);
  expect(blake2f.gas(valid.slice().fill(0xff, 0, 4))).toBe(2 ** 32 - 1);
});

/** F as RFC 7693 section 3.2 writes it, over BigInt. */
function plainF(input: Uint8Array, rounds: number): Uint8Array {
  const view = new DataView(input.buffer, input.byteOffset, input.length);
  const words = (offset: number, count: number): bigint[] =>
    Array.from({ length: count }, (_, index) => view.getBigUint64(offset + 8 * index, true));
  const [h, m, t] = [words(4, 8), words(68, 16), words(196, 2)];
  const iv = Array.from({ length: 8 }, (_, index) => new DataView(initialState.buffer).getBigUint64(8 * index, true));
  iv[0] = (iv[0] as bigint) ^ 0x01010040n;
  const v = [...h, ...iv];
  const at = (index: number): bigint => v[index] as bigint;
  v[12] = at(12) ^ (t[0] as bigint);
  v[13] = at(13) ^ (t[1] as bigint);
  if (input[212] === 1) v[14] = BigInt.asUintN(64, ~at(14));

  const mix = (a: number, b: number, c: number, d: number, x: bigint, y: bigint): void => {
    const half = (word: bigint, [first, second]: readonly [bigint, bigint]): void => {
      v[a] = BigInt.asUintN(64, at(a) + at(b) + word);
      v[d] = rotateRight(at(d) ^ at(a), first);
      v[c] = BigInt.asUintN(64, at(c) + at(d));
      v[b] = rotateRight(at(b) ^ at(c), second);
    };
    half(x, [32n, 24n]);
    half(y, [16n, 63n]);
  };
  for (let round = 0; round < rounds; round++) {
    const s = [...(sigma[round % 10] as string)].map((digit) => m[Number.parseInt(digit, 16)] as bigint);
    const pick = (index: number): [bigint, bigint] => [s[2 * index] as bigint, s[2 * index + 1] as bigint];
    for (let i = 0; i < 4; i++) mix(i, 4 + i, 8 + i, 12 + i, ...pick(i));
    for (let i = 0; i < 4; i++) mix(i, 4 + ((i + 1) % 4), 8 + ((i + 2) % 4), 12 + ((i + 3) % 4), ...pick(4 + i));
  }
  const output = new Uint8Array(64);
  for (const [index, value] of h.entries()) {
    new DataView(output.buffer).setBigUint64(8 * index, value ^ at(index) ^ at(index + 8), true);
  }
  return output;
}

function rotateRight(word: bigint, bits: bigint): bigint {
  return BigInt.asUintN(64, (word >> bits) | (word << (64n - bits)));
}

// RFC 7693 section 2.7, a hexadecimal digit for each message word.
const sigma = [
  "0123456789abcdef",
  "ea489fd61c02b753",
  "b8c052fdae367194",
  "7931dcbe265a40f8",
  "905724afe1bc683d",
  "2c6a0b834d75fe19",
  "c51fed4a0763928b",
  "db7ec13950f4862a",
  "6fe9b308c2d714a5",
  "a2847615fb9e3cd0",
];
