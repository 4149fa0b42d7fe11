const scratch = new DataView(new ArrayBuffer(4));

/** Packs numbers as IEEE 754 binary16, little-endian, rounding to nearest even as the reference converter does. */
export function packHalfFloats(numbers: Float32Array): Uint8Array {
  const bytes = new Uint8Array(numbers.length * 2);
  for (let i = 0; i < numbers.length; i++) {
    const half = halfFloatBits(numbers[i] ?? 0);
    bytes[2 * i] = half & 0xff;
    bytes[2 * i + 1] = half >> 8;
  }
  return bytes;
}

/** Packs numbers as IEEE 754 binary32, little-endian. */
export function packFloats(numbers: Float32Array): Uint8Array {
  const bytes = new Uint8Array(numbers.length * 4);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < numbers.length; i++) view.setFloat32(4 * i, numbers[i] ?? 0, true);
  return bytes;
}

/** The binary16 pattern nearest to a binary32 number, ties to even. */
export function halfFloatBits(value: number): number {
  scratch.setFloat32(0, value);
  const bits = scratch.getUint32(0);
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fff_ffff;
  if (magnitude > 0x7f80_0000) return sign | 0x7e00;
  // 65520 and above is nearer to infinity than to the greatest half, 65504.
  if (magnitude >= 0x477f_f000) return sign | 0x7c00;
  if (magnitude >= 0x3880_0000) return sign | roundShift(magnitude - 0x3800_0000, 13);
  // Below 2^-14 halves are multiples of 2^-24; below 2^-25 everything is nearest to zero.
  const exponent = magnitude >>> 23;
  if (exponent < 102) return sign;
  return sign | roundShift((magnitude & 0x007f_ffff) | 0x0080_0000, 126 - exponent);
}

function roundShift(value: number, shift: number): number {
  const half = 2 ** (shift - 1);
  const floor = Math.floor(value / 2 ** shift);
  const rest = value - floor * 2 ** shift;
  return rest > half || (rest === half && floor % 2 === 1) ? floor + 1 : floor;
}
