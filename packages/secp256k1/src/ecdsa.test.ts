import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { keccak256 as viemKeccak256, recoverAddress as viemRecoverAddress } from "viem";
import { privateKeyToAccount, sign as viemSign } from "viem/accounts";
import type { Address } from "./address.ts";
import { pureCurve } from "./curve-pure.ts";
import * as browser from "./ecdsa-browser.ts";
import * as node from "./ecdsa-node.ts";
import { SignatureError, type SignatureFault } from "./fault.ts";
import { bytesToHex, hexToBytes } from "./hex.ts";
import { keccak256 as browserKeccak256 } from "./keccak-browser.ts";
import { keccak256 as nodeKeccak256 } from "./keccak-node.ts";

const groupOrder = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const word = (value: bigint): Uint8Array => hexToBytes(`0x${value.toString(16).padStart(64, "0")}`);
const privateKeys = fc.bigInt({ min: 1n, max: groupOrder - 1n }).map(word);
const digests = fc.uint8Array({ minLength: 32, maxLength: 32 });

// EIP-712, section "Example": digest of the Mail message, signed by keccak256("cow").
const mail = {
  digest: hexToBytes("0xbe609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2"),
  signature: hexToBytes(
    "0x4355c47d63924e8a72e509b65029052eb6c299d53a04e167c5775fd466751c9d07299936d304c153f6443dfa05f40ff007d72911b6f72307f996231605b915621c",
  ),
  address: "0xcd2a3d9f938e13cd947ec05abc7fe734df8dd826",
};

function faultOf(action: () => unknown): SignatureFault {
  try {
    action();
  } catch (error) {
    if (error instanceof SignatureError) return error.fault;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe.each([
  ["node", node],
  ["browser", browser],
])("%s variant", (_name, ecdsa) => {
  test("published example of EIP-712", () => {
    const signer = ecdsa.createSigner(nodeKeccak256(new TextEncoder().encode("cow")));
    expect(signer.address).toBe(mail.address);
    expect(signer.sign(mail.digest)).toEqual(mail.signature);
    expect(ecdsa.recoverAddress(mail.digest, mail.signature)).toBe(mail.address);
  });

  test("addresses of published keys", () => {
    expect(ecdsa.createSigner(word(1n)).address).toBe("0x7e5f4552091a69125d5dfcb7b8c2659029395bdf");
    expect(ecdsa.createSigner(word(groupOrder - 1n)).address).toBe("0x80c0dbf239224071c59dd8970ab9d542e3414ab2");
    expect(ecdsa.addressFromPublicKey(pureCurve.publicKey(word(1n)))).toBe(
      "0x7e5f4552091a69125d5dfcb7b8c2659029395bdf",
    );
  });

  test("private keys outside 1 to n-1 are refused", () => {
    for (const key of [word(0n), word(groupOrder), word(groupOrder + 1n), new Uint8Array(31), new Uint8Array(33)]) {
      expect(faultOf(() => ecdsa.createSigner(key))).toEqual({ code: "PRIVATE_KEY_INVALID" });
    }
  });

  test("public keys that are no points are refused", () => {
    const valid = pureCurve.publicKey(word(7n));
    const offCurve = valid.slice();
    offCurve[64] = (offCurve[64] as number) ^ 1;
    const hybrid = valid.slice();
    hybrid[0] = 0x06;
    for (const key of [offCurve, hybrid, valid.subarray(1), new Uint8Array(65)]) {
      expect(faultOf(() => ecdsa.addressFromPublicKey(key))).toEqual({ code: "PUBLIC_KEY_INVALID" });
    }
  });

  test("the other signature of a malleable pair is refused", () => {
    const s = BigInt(bytesToHex(mail.signature.subarray(32, 64)));
    const malleated = mail.signature.slice();
    malleated.set(word(groupOrder - s), 32);
    malleated[64] = 27;
    expect(faultOf(() => ecdsa.recoverAddress(mail.digest, malleated))).toMatchObject({ reason: "high-s" });
  });

  test("s is accepted up to half the order and not beyond", () => {
    const half = groupOrder / 2n;
    const withS = (s: bigint): Uint8Array => {
      const signature = mail.signature.slice();
      signature.set(word(s), 32);
      return signature;
    };
    expect(ecdsa.recoverAddress(mail.digest, withS(half))).toMatch(/^0x[0-9a-f]{40}$/);
    expect(faultOf(() => ecdsa.recoverAddress(mail.digest, withS(half + 1n)))).toMatchObject({ reason: "high-s" });
  });

  test("malformed signatures and digests are refused", () => {
    const changed = (change: (signature: Uint8Array) => void): Uint8Array => {
      const signature = mail.signature.slice();
      change(signature);
      return signature;
    };
    for (const v of [0, 1, 2, 26, 29, 30, 255]) {
      const signature = changed((bytes) => bytes.fill(v, 64));
      expect(faultOf(() => ecdsa.recoverAddress(mail.digest, signature))).toMatchObject({ reason: "recovery-id" });
    }
    for (const signature of [mail.signature.subarray(0, 64), new Uint8Array(66), new Uint8Array(0)]) {
      expect(faultOf(() => ecdsa.recoverAddress(mail.digest, signature))).toMatchObject({ reason: "length" });
    }
    const impossible = [
      changed((bytes) => bytes.fill(0, 0, 32)),
      changed((bytes) => bytes.fill(0, 32, 64)),
      changed((bytes) => bytes.set(word(groupOrder))),
      changed((bytes) => bytes.set(word(5n))), // x = 5 is on no point of the curve
    ];
    for (const signature of impossible) {
      expect(faultOf(() => ecdsa.recoverAddress(mail.digest, signature))).toMatchObject({ reason: "no-such-point" });
    }
    expect(faultOf(() => ecdsa.recoverAddress(new Uint8Array(31), mail.signature))).toMatchObject({ length: 31 });
    expect(faultOf(() => ecdsa.createSigner(word(1n)).sign(new Uint8Array(33)))).toMatchObject({ length: 33 });
  });

  test("the key is copied: wiping the caller's buffer does not change the signer", () => {
    const key = word(99n);
    const signer = ecdsa.createSigner(key);
    key.fill(0);
    expect(ecdsa.recoverAddress(mail.digest, signer.sign(mail.digest))).toBe(signer.address);
  });
});

describe("implementations agree", () => {
  test("same addresses, signatures and recoveries on both, and in viem", async () => {
    await fc.assert(
      fc.asyncProperty(privateKeys, digests, async (privateKey, digest) => {
        const native = node.createSigner(privateKey);
        const pure = browser.createSigner(privateKey);
        const signature = native.sign(digest);
        expect(pure.sign(digest)).toEqual(signature);
        expect(pure.address).toBe(native.address);
        expect(node.recoverAddress(digest, signature)).toBe(native.address);
        expect(browser.recoverAddress(digest, signature)).toBe(native.address);

        const hash = bytesToHex(digest);
        expect(privateKeyToAccount(bytesToHex(privateKey)).address.toLowerCase()).toBe(native.address);
        expect(await viemSign({ hash, privateKey: bytesToHex(privateKey), to: "hex" })).toBe(bytesToHex(signature));
        const recovered = await viemRecoverAddress({ hash, signature: bytesToHex(signature) });
        expect(recovered.toLowerCase()).toBe(native.address);
      }),
      { numRuns: 40 },
    );
  });

  test("same answer to arbitrary 65 bytes: the same address or the same fault", () => {
    const vs = fc.constantFrom(27, 28);
    const lowS = fc.bigInt({ min: 0n, max: groupOrder / 2n }).map(word);
    const anyR = fc.oneof(
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.constantFrom(word(0n), word(groupOrder - 1n)),
    );
    const answer = (recover: () => Address): string => {
      try {
        return recover();
      } catch (error) {
        return JSON.stringify((error as SignatureError).fault);
      }
    };
    fc.assert(
      fc.property(digests, anyR, lowS, vs, (digest, r, s, v) => {
        const signature = Uint8Array.from([...r, ...s, v]);
        expect(answer(() => browser.recoverAddress(digest, signature))).toBe(
          answer(() => node.recoverAddress(digest, signature)),
        );
      }),
      { numRuns: 150 },
    );
  });

  test("changing any byte of digest or signature changes the address or is refused", () => {
    const signer = node.createSigner(word(3n));
    const signature = signer.sign(mail.digest);
    const recovers = (digest: Uint8Array, bytes: Uint8Array): boolean => {
      try {
        return node.recoverAddress(digest, bytes) === signer.address;
      } catch {
        return false;
      }
    };
    expect(recovers(mail.digest, signature)).toBe(true);
    for (let bit = 0; bit < 65 * 8; bit++) {
      const changed = signature.slice();
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      expect([bit, recovers(mail.digest, changed)]).toEqual([bit, false]);
      const other = mail.digest.slice();
      other[(bit >> 3) % 32] = (other[(bit >> 3) % 32] as number) ^ (1 << (bit & 7));
      expect([bit, recovers(other, signature)]).toEqual([bit, false]);
    }
  });

  test("keccak-256 in both variants and in viem", () => {
    expect(bytesToHex(nodeKeccak256(new Uint8Array(0)))).toBe(
      "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470",
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
        const expected = viemKeccak256(bytes);
        expect(bytesToHex(nodeKeccak256(bytes))).toBe(expected);
        expect(bytesToHex(browserKeccak256(bytes))).toBe(expected);
      }),
    );
  });
});
