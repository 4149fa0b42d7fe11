import { compileBlake2Rounds } from "./blake2-rounds.ts";
import type { Precompile } from "./precompile.ts";

// EIP-152: rounds (4 bytes, big-endian), h (64), m (128), t (16), f (1).
const inputBytes = 213;
const stateOffset = 4;
const messageOffset = 68;
const counterOffset = 196;
const finalOffset = 212;

// RFC 7693 section 2.6: the initialisation vector of BLAKE2b, as little-endian words.
const initialisation = Uint8Array.from(
  Buffer.from(
    "08c9bcf367e6096a3ba7ca8485ae67bb2bf894fe72f36e3cf1361d5f3af54fa5d182e6ad7f520e511f6c3e2b8c68059b6bbd41fbabd9831f79217e1319cde05b",
    "hex",
  ),
);

const blake = compileBlake2Rounds();

// V8 replaces its first, slow compilation of a WebAssembly function when it is called again, not amid a loop. Whole
// schedules, so that every part begins with the first row.
const roundsPerCall = 1000;

/** 0x09 (EIP-152): BLAKE2b's compression function F; one gas per round. */
export const blake2f: Precompile = {
  name: "BLAKE2F",
  gas: (input) => (input.length === inputBytes ? roundsOf(input) : 0),
  run(input) {
    const final = input[finalOffset];
    if (input.length !== inputBytes || (final !== 0 && final !== 1)) return undefined;
    prepare(input, final === 1);
    for (let left = roundsOf(input); left > 0; left -= roundsPerCall) blake.mix(Math.min(left, roundsPerCall));

    // h xor both halves of v; all words are little-endian, so bytes will do.
    const output = new Uint8Array(64);
    for (let index = 0; index < 64; index++) {
      const mixed = (blake.memory[index] as number) ^ (blake.memory[64 + index] as number);
      output[index] = (input[stateOffset + index] as number) ^ mixed;
    }
    return output;
  },
};

/** RFC 7693 section 3.2: v is h and the initialisation vector, whose words 4 to 6 take in t and the final flag. */
function prepare(input: Uint8Array, isFinal: boolean): void {
  const { memory } = blake;
  memory.set(input.subarray(stateOffset, messageOffset), 0);
  memory.set(initialisation, 64);
  for (let index = 0; index < 16; index++) xorInto(memory, 96 + index, input[counterOffset + index] as number);
  if (isFinal) for (let index = 0; index < 8; index++) xorInto(memory, 112 + index, 0xff);
  memory.set(input.subarray(messageOffset, counterOffset), 128);
}

function xorInto(bytes: Uint8Array, index: number, value: number): void {
  bytes[index] = (bytes[index] as number) ^ value;
}

function roundsOf(input: Uint8Array): number {
  return new DataView(input.buffer, input.byteOffset, 4).getUint32(0);
}
