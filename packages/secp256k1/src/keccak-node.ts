import { blocksMax, compileKeccakSponge, inputOffset, rateBytes } from "./keccak-absorb.ts";

const sponge = compileKeccakSponge();
const memory = new Uint8Array(sponge.memory);
const digestBytes = 32;
const digest = new DataView(sponge.memory, 0, digestBytes);
const digestArray = memory.subarray(0, digestBytes);
const stateBytes = 200;
const chunkBytes = blocksMax * rateBytes;

/** Keccak-256, as Ethereum uses it (not SHA3-256). */
export function keccak256(bytes: Uint8Array): Uint8Array {
  keccak256InPlace(bytes);
  return memory.slice(0, digestBytes);
}

/** Writes the Keccak-256 of bytes into `target` at `offset`. */
export function writeKeccak256(bytes: Uint8Array, target: Uint8Array, offset: number): void {
  keccak256InPlace(bytes);
  target.set(digestArray, offset);
}

/** Keccak-256 without an array for it: the digest is in the same view every time, until the next one is computed. */
export function keccak256InPlace(bytes: Uint8Array): DataView {
  memory.fill(0, 0, stateBytes);
  const { length } = bytes;
  let done = 0;
  for (; length - done >= chunkBytes; done += chunkBytes) {
    memory.set(bytes.subarray(done, done + chunkBytes), inputOffset);
    sponge.absorb(inputOffset, blocksMax);
  }
  const rest = length - done;
  const blocks = Math.floor(rest / rateBytes) + 1;
  const inputEnd = inputOffset + rest;
  const end = inputOffset + blocks * rateBytes;
  memory.set(done === 0 ? bytes : bytes.subarray(done), inputOffset);
  // Keccak's own padding, which SHA-3 has changed since.
  memory.fill(0, inputEnd, end);
  memory[inputEnd] = 0x01;
  memory[end - 1] = (memory[end - 1] as number) | 0x80;
  sponge.absorb(inputOffset, blocks);
  return digest;
}
