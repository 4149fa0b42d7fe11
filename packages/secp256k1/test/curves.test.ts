import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Curve } from "../src/curve.ts";
import { pureCurve } from "../src/curve-pure.ts";
import { implementation } from "../src/ecdsa-node.ts";
import { bytesToHex, hexToBytes } from "../src/hex.ts";
import { candidates } from "./curves.ts";

// SEC 2, section 2.4.1: the order of the group, and of the field that coordinates are in.
const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const field = 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2fn;
const largest = 2n ** 256n - 1n;

const word = (value: bigint): Uint8Array => hexToBytes(`0x${value.toString(16).padStart(64, "0")}`);
const joined = (r: bigint, s: bigint): Uint8Array => Uint8Array.from([...word(r), ...word(s)]);
const privateKeys = fc.oneof(
  fc.bigInt({ min: 1n, max: order - 1n }),
  fc.constantFrom(1n, 2n, order / 2n, order - 2n, order - 1n),
);
const digests = fc.oneof(
  fc.uint8Array({ minLength: 32, maxLength: 32 }),
  fc.constantFrom(0n, 1n, order - 1n, order, order + 1n, largest).map(word),
);

function recovered(curve: Curve, digest: Uint8Array, compact: Uint8Array, id: number): string {
  try {
    return bytesToHex(curve.recover(digest, compact, id));
  } catch {
    return "none";
  }
}

function fits(value: bigint): boolean {
  return value > 0n && value < order;
}

const present = candidates.flatMap(({ curve }) => curve ?? []);

test("Node uses the first implementation that is here", () => {
  expect(implementation).toBe(candidates.find(({ curve }) => curve !== undefined)?.name);
});

for (const { name, curve: candidate, missing } of candidates) {
  const describeCurve = candidate === undefined ? describe.skip : describe;
  const curve = candidate ?? pureCurve;

  describeCurve(`${name} curve${candidate === undefined ? ` (skipped: ${missing})` : ""}`, () => {
    test("says what it is", () => {
      expect(curve.implementation).toBe(name);
    });

    test("signs as RFC 6979 has it: Trezor's vectors for this curve", () => {
      // SHA-256 of "Satoshi Nakamoto", and of "All those moments will be lost in time, like tears in rain. Time to die...".
      const satoshi = hexToBytes("0xa0dc65ffca799873cbea0ac274015b9526505daaaed385155425f7337704883e");
      expect(bytesToHex(curve.sign(satoshi, word(1n)).compact)).toBe(
        "0x934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d82442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5",
      );
      expect(bytesToHex(curve.sign(satoshi, word(order - 1n)).compact)).toBe(
        "0xfd567d121db66e382991534ada77a6bd3106f0a1098c231e47993447cd6af2d06b39cd0eb1bc8603e159ef5c20a5c8ad685a45b06ce9bebed3f153d10d93bed5",
      );
    });

    test("signs, recovers and makes public keys like the others", () => {
      fc.assert(
        fc.property(privateKeys.map(word), digests, (privateKey, digest) => {
          const { compact, recoveryId } = curve.sign(digest, privateKey);
          for (const other of present) {
            // RFC 6979 draws the nonce from the digest modulo n; libsecp256k1 did not always reduce it.
            if (BigInt(bytesToHex(digest)) >= order) continue;
            const expected = other.sign(digest, privateKey);
            expect([bytesToHex(compact), recoveryId]).toEqual([bytesToHex(expected.compact), expected.recoveryId]);
          }
          const publicKey = bytesToHex(pureCurve.publicKey(privateKey));
          expect(bytesToHex(curve.publicKey(privateKey))).toBe(publicKey);
          expect(curve.isPublicKey(hexToBytes(publicKey))).toBe(true);
          expect(recovered(curve, digest, compact, recoveryId)).toBe(publicKey);
        }),
        { numRuns: 60 },
      );
    });

    test("knows private keys, and makes nothing of others", () => {
      for (const key of [0n, 1n, order - 1n, order, order + 1n, largest]) {
        expect([key, curve.isPrivateKey(word(key))]).toEqual([key, fits(key)]);
        if (fits(key)) continue;
        expect(() => curve.publicKey(word(key))).toThrow();
        expect(() => curve.sign(word(5n), word(key))).toThrow();
      }
    });

    test("knows points", () => {
      const point = pureCurve.publicKey(word(7n));
      const changed = (at: number, value: Uint8Array): Uint8Array => {
        const bytes = point.slice();
        bytes.set(value, at);
        return bytes;
      };
      expect(curve.isPublicKey(point)).toBe(true);
      const wrong = [
        changed(64, Uint8Array.of((point[64] as number) ^ 1)),
        changed(0, Uint8Array.of(0)),
        changed(1, word(5n)), // no point has this x
        changed(1, word(field)),
        changed(1, word(largest)),
        changed(33, word(field)),
        new Uint8Array(65),
      ];
      for (const [index, bytes] of wrong.entries()) expect([index, curve.isPublicKey(bytes)]).toEqual([index, false]);
    });

    test("recovers like the pure one at the limits of r, s and the recovery id", () => {
      // An id of 2 or 3 says that x was r + n, which is in the field for r below p - n only.
      const rs = [0n, 1n, 2n, 3n, 4n, field - order - 1n, field - order, order - 1n, order, order + 1n, largest];
      const ss = [0n, 1n, order / 2n, order / 2n + 1n, order - 1n, order, largest];
      const digest = word(0x1234567890n);
      const found = new Set<number>();
      for (const r of rs) {
        for (const s of ss) {
          for (const id of [0, 1, 2, 3]) {
            const answer = recovered(curve, digest, joined(r, s), id);
            expect([r, s, id, answer]).toEqual([r, s, id, recovered(pureCurve, digest, joined(r, s), id)]);
            if (answer !== "none") found.add(id);
            if (!(fits(r) && fits(s))) expect([r, s, id, answer]).toEqual([r, s, id, "none"]);
          }
        }
      }
      expect([...found].sort()).toEqual([0, 1, 2, 3]);
    });

    test("recovers like the pure one from anything", () => {
      const scalars = fc.oneof(fc.bigInt({ min: 0n, max: largest }), fc.bigInt({ min: 0n, max: field - order }));
      fc.assert(
        fc.property(digests, scalars, scalars, fc.nat(3), (digest, r, s, id) => {
          expect(recovered(curve, digest, joined(r, s), id)).toBe(recovered(pureCurve, digest, joined(r, s), id));
        }),
        { numRuns: 150 },
      );
    });

    test("recovers nothing where the key would be the point at infinity", () => {
      // The key is (sR - eG) / r; with R = G it is none for s = e.
      const generatorX = BigInt(bytesToHex(pureCurve.publicKey(word(1n)).subarray(1, 33)));
      const s = 0xabcdefn;
      const id = (pureCurve.publicKey(word(1n))[64] as number) & 1;
      expect(recovered(curve, word(s), joined(generatorX, s), id)).toBe("none");
      expect(recovered(curve, word(s + 1n), joined(generatorX, s), id)).toMatch(/^0x04/);
    });

    test("takes and leaves parts of larger arrays, also shared ones", () => {
      const { compact, recoveryId } = pureCurve.sign(word(9n), word(11n));
      const publicKey = pureCurve.publicKey(word(11n));
      for (const memory of [new Uint8Array(300), new Uint8Array(new SharedArrayBuffer(300))]) {
        memory.fill(0xee);
        const part = (bytes: Uint8Array, offset: number): Uint8Array => {
          memory.set(bytes, offset);
          return memory.subarray(offset, offset + bytes.length);
        };
        const [digest, signature, key, point] = [
          part(word(9n), 3),
          part(compact, 41),
          part(word(11n), 113),
          part(publicKey, 151),
        ] as const;
        const before = memory.slice();
        expect(recovered(curve, digest, signature, recoveryId)).toBe(bytesToHex(publicKey));
        expect(bytesToHex(curve.sign(digest, key).compact)).toBe(bytesToHex(compact));
        expect(bytesToHex(curve.publicKey(key))).toBe(bytesToHex(publicKey));
        expect([curve.isPublicKey(point), curve.isPrivateKey(key)]).toEqual([true, true]);
        expect(memory).toEqual(before);
      }
    });

    test("returns signatures and public keys for good", () => {
      const [first, second] = [curve.sign(word(1n), word(3n)), curve.sign(word(2n), word(4n))];
      const [one, other] = [curve.publicKey(word(3n)), curve.publicKey(word(4n))];
      expect(first).toEqual(curve.sign(word(1n), word(3n)));
      expect(second).toEqual(curve.sign(word(2n), word(4n)));
      expect([one, other]).toEqual([pureCurve.publicKey(word(3n)), pureCurve.publicKey(word(4n))]);
    });
  });
}

const systemCurve = candidates.find(({ name }) => name === "system")?.curve;
const testSystem = systemCurve === undefined ? test.skip : test;

testSystem("the system curve throws for lengths and recovery ids that C would not check", () => {
  const curve = systemCurve ?? pureCurve;
  const { compact } = pureCurve.sign(word(9n), word(11n));
  for (const length of [0, 1, 31, 33, 63, 65]) {
    const bytes = new Uint8Array(length).fill(1);
    expect(() => curve.recover(bytes, compact, 0)).toThrow();
    expect(() => curve.recover(word(9n), bytes, 0)).toThrow();
    expect(() => curve.sign(bytes, word(11n))).toThrow();
    expect(() => curve.sign(word(9n), bytes)).toThrow();
    expect(() => curve.publicKey(bytes)).toThrow();
  }
  for (const id of [-1, 4, 0.5, Number.NaN, 2 ** 32]) {
    expect(() => curve.recover(word(9n), compact, id)).toThrow();
  }
});
