/** A contract that the protocol itself implements; a pure function of its input, paid for before it runs. */
export interface Precompile {
  /** Name as EIP-7910 (eth_config) lists it. */
  readonly name: string;
  /** Gas of a call with this input: a safe integer, capped at Number.MAX_SAFE_INTEGER, which no caller can pay. */
  gas(input: Uint8Array): number;
  /**
   * The output, in memory of its own, or undefined when the call fails and takes all the gas it was given. Assumes that
   * `gas` was paid, which bounds time and memory.
   */
  run(input: Uint8Array): Uint8Array | undefined;
}

/** Number of 32-byte words that hold `lengthBytes` bytes, which the hash contracts charge for. */
export function wordCount(lengthBytes: number): number {
  return Math.ceil(lengthBytes / 32);
}

/** `length` bytes from `offset`; what lies beyond the input reads as zero. */
export function paddedSlice(input: Uint8Array, offset: number, length: number): Uint8Array {
  if (offset + length <= input.length) return input.subarray(offset, offset + length);
  const slice = new Uint8Array(length);
  if (offset < input.length) slice.set(input.subarray(offset, offset + length));
  return slice;
}

/** A 32-byte word that holds 1, the answer "yes" of the pairing and signature checks. */
export function trueWord(): Uint8Array {
  const word = new Uint8Array(32);
  word[31] = 1;
  return word;
}
