import { powerModulo } from "./modular-power.ts";
import { type Precompile, paddedSlice } from "./precompile.ts";

const headerBytes = 96;

/** What the forks changed: EIP-2565 (Berlin to Prague), then EIP-7823 and EIP-7883 (Osaka). */
interface Rules {
  /** Longest base, exponent and modulus. */
  readonly operandBytesMax: number;
  readonly gasMin: number;
  /** Price of one multiplication, by the length of the longer of base and modulus. */
  multiplicationComplexity(lengthBytes: number): number;
  /** Iterations per byte of the exponent after its first 32. */
  readonly iterationsPerTailByte: number;
  readonly gasDivisor: number;
}

/** 0x05 until Prague: modular exponentiation (EIP-198) at the prices of EIP-2565. */
export const modexpCancun: Precompile = createModexp({
  operandBytesMax: Number.POSITIVE_INFINITY,
  gasMin: 200,
  multiplicationComplexity: (lengthBytes) => Math.ceil(lengthBytes / 8) ** 2,
  iterationsPerTailByte: 8,
  gasDivisor: 3,
});

/** 0x05 since Osaka: operands of at most 1024 bytes (EIP-7823) at the prices of EIP-7883. */
export const modexpOsaka: Precompile = createModexp({
  operandBytesMax: 1024,
  gasMin: 500,
  multiplicationComplexity: (lengthBytes) => (lengthBytes <= 32 ? 16 : 2 * Math.ceil(lengthBytes / 8) ** 2),
  iterationsPerTailByte: 16,
  gasDivisor: 1,
});

function createModexp(rules: Rules): Precompile {
  return {
    name: "MODEXP",
    gas(input) {
      const lengths = lengthsOf(input);
      const complexity = rules.multiplicationComplexity(Math.max(lengths.base, lengths.modulus));
      // Without base and modulus even an exponent of infinite length costs nothing.
      if (complexity === 0) return rules.gasMin;
      const gas = complexity * iterationCount(input, lengths, rules.iterationsPerTailByte);
      if (gas > Number.MAX_SAFE_INTEGER) return Number.MAX_SAFE_INTEGER;
      return Math.max(rules.gasMin, Math.floor(gas / rules.gasDivisor));
    },
    run(input) {
      const lengths = lengthsOf(input);
      if (Math.max(lengths.base, lengths.exponent, lengths.modulus) > rules.operandBytesMax) return undefined;
      if (lengths.modulus === 0) return new Uint8Array(0);
      const exponentOffset = headerBytes + lengths.base;
      return powerModulo(
        paddedSlice(input, headerBytes, lengths.base),
        paddedSlice(input, exponentOffset, lengths.exponent),
        paddedSlice(input, exponentOffset + lengths.exponent, lengths.modulus),
      );
    },
  };
}

interface Lengths {
  readonly base: number;
  readonly exponent: number;
  readonly modulus: number;
}

function lengthsOf(input: Uint8Array): Lengths {
  const header = paddedSlice(input, 0, headerBytes);
  return { base: lengthAt(header, 0), exponent: lengthAt(header, 32), modulus: lengthAt(header, 64) };
}

/** The length in a word; infinite from 2^32 on, which no gas pays for, except as the exponent of nothing modulo nothing. */
function lengthAt(header: Uint8Array, offset: number): number {
  for (let index = offset; index < offset + 28; index++) if (header[index] !== 0) return Number.POSITIVE_INFINITY;
  return new DataView(header.buffer, header.byteOffset + offset + 28, 4).getUint32(0);
}

/** EIP-2565: about the bits of the exponent, of which only the first 32 bytes are looked at one by one; at least one. */
function iterationCount(input: Uint8Array, lengths: Lengths, perTailByte: number): number {
  const headOffset = headerBytes + lengths.base;
  const head =
    headOffset < input.length ? paddedSlice(input, headOffset, Math.min(32, lengths.exponent)) : new Uint8Array(0);
  const tailBytes = Math.max(0, lengths.exponent - 32);
  return Math.max(1, perTailByte * tailBytes + Math.max(0, bitLength(head) - 1));
}

function bitLength(bytes: Uint8Array): number {
  const first = bytes.findIndex((byte) => byte !== 0);
  if (first === -1) return 0;
  return 8 * (bytes.length - first) - (Math.clz32(bytes[first] as number) - 24);
}
