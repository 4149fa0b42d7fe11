import { createECDH } from "node:crypto";
import { type Precompile, trueWord } from "./precompile.ts";

// FIPS 186-5 / SP 800-186: the field, the order and the constants of P-256 (secp256r1).
const p = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
const n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const b = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;

interface Point {
  readonly x: bigint;
  readonly y: bigint;
}

const ecdh = createECDH("prime256v1");

/**
 * 0x100 (EIP-7951): a word with 1 when an ECDSA signature over a 32-byte digest is valid, otherwise no output; it never
 * fails. Input is digest, r, s, and the public key's x and y.
 */
export const p256Verify: Precompile = {
  name: "P256VERIFY",
  gas: () => 6900,
  run: (input) => (input.length === 160 && isValid(input) ? trueWord() : new Uint8Array(0)),
};

/**
 * OpenSSL as Node has it verifies messages, not digests, so this is ECDSA on its key agreement. With e/s and r/s the
 * multipliers of verification, (e/s) G + (r/s) Q = (r/s) (Q + (e/r) G): a public key, an addition, and the x of a multiple.
 */
function isValid(input: Uint8Array): boolean {
  const [e, r, s, x, y] = [0, 32, 64, 96, 128].map((offset) => wordAt(input, offset)) as FiveWords;
  if (r === 0n || r >= n || s === 0n || s >= n) return false;
  if (x >= p || y >= p || !isOnCurve({ x, y })) return false;

  const inverse = invert(r * s, n);
  const base = multiplyGenerator((e * s * inverse) % n);
  const sum = base === undefined ? { x, y } : add({ x, y }, base);
  if (sum === undefined) return false;
  return xOfMultiple(sum, (r * r * inverse) % n) % n === r;
}

type FiveWords = [bigint, bigint, bigint, bigint, bigint];

/** True for a point of the curve; the point at infinity, written (0, 0), is none. */
function isOnCurve({ x, y }: Point): boolean {
  return modulo(y * y - (x * x * x - 3n * x + b), p) === 0n;
}

/** Undefined for infinity. */
function multiplyGenerator(scalar: bigint): Point | undefined {
  if (scalar === 0n) return undefined;
  ecdh.setPrivateKey(toBytes(scalar));
  const point = ecdh.getPublicKey();
  return { x: wordAt(point, 1), y: wordAt(point, 33) };
}

/** Undefined for infinity. */
function add(left: Point, right: Point): Point | undefined {
  if (left.x === right.x && left.y !== right.y) return undefined;
  const slope =
    left.x === right.x
      ? (3n * left.x * left.x - 3n) * invert(2n * left.y, p)
      : (right.y - left.y) * invert(right.x - left.x, p);
  const x = modulo(slope * slope - left.x - right.x, p);
  return { x, y: modulo(slope * (left.x - x) - left.y, p) };
}

/** The scalar is not zero, and every point but infinity has the order n. */
function xOfMultiple(point: Point, scalar: bigint): bigint {
  ecdh.setPrivateKey(toBytes(scalar));
  return wordAt(ecdh.computeSecret(Buffer.concat([uncompressed, toBytes(point.x), toBytes(point.y)])), 0);
}

// SEC 1 section 2.3.3: what precedes the coordinates of an uncompressed point.
const uncompressed = Uint8Array.of(0x04);

/** The inverse modulo a prime, by Euclid's algorithm. */
function invert(value: bigint, modulus: bigint): bigint {
  let [high, low] = [modulus, modulo(value, modulus)];
  let [factorOfHigh, factorOfLow] = [0n, 1n];
  while (low !== 0n) {
    const quotient = high / low;
    [high, low] = [low, high - quotient * low];
    [factorOfHigh, factorOfLow] = [factorOfLow, factorOfHigh - quotient * factorOfLow];
  }
  return modulo(factorOfHigh, modulus);
}

function modulo(value: bigint, modulus: bigint): bigint {
  const remainder = value % modulus;
  return remainder < 0n ? remainder + modulus : remainder;
}

function wordAt(bytes: Uint8Array, offset: number): bigint {
  return BigInt(`0x${Buffer.from(bytes.buffer, bytes.byteOffset + offset, 32).toString("hex")}`);
}

function toBytes(word: bigint): Buffer {
  return Buffer.from(word.toString(16).padStart(64, "0"), "hex");
}
