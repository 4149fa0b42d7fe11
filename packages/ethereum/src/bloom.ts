import { type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import { keccak256 } from "@koinon/secp256k1/keccak";
import type { Log } from "./log.ts";

/** Length of a logs bloom: 2048 bits. */
export const bloomBytes = 256;

// Addresses and event signatures repeat from log to log, and a hash costs a hundred times a look-up. A full map starts again.
const rememberedMax = 16_384;
const remembered = new Map<Hex, number>();

/** The bloom of these logs (yellow paper, section 4.3.1): three bits for every address and topic; written into 256 zeros. */
export function logsBloom(logs: readonly Log[], bloom: Uint8Array = new Uint8Array(bloomBytes)): Uint8Array {
  for (const log of logs) {
    add(bloom, log.address);
    for (const topic of log.topics) add(bloom, topic);
  }
  return bloom;
}

/** Sets in `target` every bit of `bloom`: a block's bloom is the union of its receipts'. */
export function mergeBloom(target: Uint8Array, bloom: Uint8Array): void {
  for (let index = 0; index < bloomBytes; index++) target[index] = (target[index] as number) | (bloom[index] as number);
}

/** False when no log behind this bloom has this address or topic; true says only that one may. */
export function bloomMayContain(bloom: Uint8Array, addressOrTopic: Hex): boolean {
  const bits = bitsOf(addressOrTopic);
  return isSet(bloom, bits & 0x7ff) && isSet(bloom, (bits >> 11) & 0x7ff) && isSet(bloom, Math.floor(bits / 0x40_0000));
}

function add(bloom: Uint8Array, addressOrTopic: Hex): void {
  const bits = bitsOf(addressOrTopic);
  set(bloom, bits & 0x7ff);
  set(bloom, (bits >> 11) & 0x7ff);
  set(bloom, Math.floor(bits / 0x40_0000));
}

/** Three bit numbers of eleven bits each, in one number of 33 bits. */
function bitsOf(addressOrTopic: Hex): number {
  const known = remembered.get(addressOrTopic);
  if (known !== undefined) return known;
  const hash = keccak256(hexToBytes(addressOrTopic));
  const bits = bitAt(hash, 0) + bitAt(hash, 2) * 0x800 + bitAt(hash, 4) * 0x40_0000;
  if (remembered.size >= rememberedMax) remembered.clear();
  remembered.set(addressOrTopic, bits);
  return bits;
}

function bitAt(hash: Uint8Array, index: number): number {
  return (((hash[index] as number) << 8) | (hash[index + 1] as number)) & 0x7ff;
}

// Bit 0 is the lowest of the last byte.
function set(bloom: Uint8Array, bit: number): void {
  const index = bloomBytes - 1 - (bit >> 3);
  bloom[index] = (bloom[index] as number) | (1 << (bit & 7));
}

function isSet(bloom: Uint8Array, bit: number): boolean {
  return ((bloom[bloomBytes - 1 - (bit >> 3)] as number) & (1 << (bit & 7))) !== 0;
}
