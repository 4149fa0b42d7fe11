import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { testKey } from "../test/test-log.ts";
import { c2spExample, enoch, peter, refusedKeys } from "../test/vectors.ts";
import { portableEd25519 } from "./ed25519.ts";
import { nodeEd25519 } from "./ed25519-node.ts";
import {
  createSignerKey,
  createVerifierKey,
  formatSignerKey,
  formatVerifierKey,
  isKeyName,
  parseSignerKey,
  parseVerifierKey,
} from "./note-key.ts";

describe("note keys", () => {
  test("published vkeys and skeys are read and written back", () => {
    for (const vkey of [c2spExample.vkey, peter.vkey, enoch.vkey]) {
      expect(formatVerifierKey(parseVerifierKey(vkey))).toBe(vkey);
    }
    const key = parseSignerKey(peter.skey);
    expect(formatSignerKey(key)).toBe(peter.skey);
    expect(formatVerifierKey(key)).toBe(peter.vkey);
  });

  test("the same key has another id for another type or name", () => {
    const { publicKey, keyId } = testKey("a", "ed25519", 1);
    expect(createVerifierKey("a", "cosignature", publicKey).keyId).not.toBe(keyId);
    expect(createVerifierKey("b", "ed25519", publicKey).keyId).not.toBe(keyId);
  });

  test("keys that golang.org/x/mod refuses are refused", () => {
    for (const vkey of refusedKeys) expect(() => parseVerifierKey(vkey)).toThrow("NOTE_KEY_MALFORMED");
    expect(() => parseVerifierKey(peter.skey)).toThrow("NOTE_KEY_MALFORMED");
    expect(() => parseSignerKey(peter.vkey)).toThrow("NOTE_KEY_MALFORMED");
  });

  test("every change of one character of a vkey is refused or makes another key name", () => {
    for (const vkey of [c2spExample.vkey, peter.vkey]) {
      for (let i = 0; i < vkey.length; i++) {
        for (const char of ["A", "0", "+", "=", " ", "b"]) {
          const changed = vkey.slice(0, i) + char + vkey.slice(i + 1);
          if (changed === vkey) continue;
          expect(() => parseVerifierKey(changed)).toThrow("NOTE_KEY_MALFORMED");
        }
      }
    }
  });

  test("names follow the specification", () => {
    const good = ["a", "example.com/log", "é", "koinon.local/log/0123456789abcdef"];
    const bad = ["", "a b", "a+b", "a\u00a0b", "a\u2003b", "a\u0085b", "a\tb", "a\nb", "\ud800", "x".repeat(1025)];
    expect(good.map(isKeyName)).toEqual(good.map(() => true));
    expect(bad.map(isKeyName)).toEqual(bad.map(() => false));
    expect(() => createSignerKey("ok", "ed25519", new Uint8Array(31))).toThrow("NOTE_KEY_MALFORMED");
  });
});

describe("Ed25519 in JavaScript", () => {
  test("signs and verifies as Node's does", () => {
    const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(bytes32, fc.uint8Array(), (seed, message) => {
        const signature = portableEd25519.sign(message, seed);
        expect(signature).toEqual(nodeEd25519.sign(message, seed));
        const publicKey = portableEd25519.publicKey(seed);
        expect(publicKey).toEqual(nodeEd25519.publicKey(seed));
        expect(portableEd25519.verify(signature, message, publicKey)).toBe(true);
        const longer = Uint8Array.from([...message, 0]);
        expect(portableEd25519.verify(signature, longer, publicKey)).toBe(false);
      }),
      { numRuns: 20 },
    );
  });

  test("answers false for what is no signature or no key", () => {
    const key = new Uint8Array(32).fill(0xff);
    expect(portableEd25519.verify(new Uint8Array(64), new Uint8Array(0), key)).toBe(false);
    expect(portableEd25519.verify(new Uint8Array(63), new Uint8Array(0), key)).toBe(false);
    expect(portableEd25519.verify(new Uint8Array(64), new Uint8Array(0), new Uint8Array(31))).toBe(false);
  });
});
