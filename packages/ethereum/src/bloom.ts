import type { Address } from "@koinon/secp256k1/address";
import { type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import { keccak256InPlace } from "@koinon/secp256k1/keccak";
import { type Log, topicsOf } from "./log.ts";

/** Length of a logs bloom: 2048 bits. */
export const bloomBytes = 256;

// Addresses repeat from log to log, and a hash costs ten times a look-up. A full map starts again.
const rememberedMax = 16_384;
const remembered = new Map<Address, number>();

/** The bloom of these logs (yellow paper, section 4.3.1): three bits for every address and topic; written into 256 zeros. */
export function logsBloom(logs: readonly Log[], bloom: Uint8Array = new Uint8Array(bloomBytes)): Uint8Array {
  for (const log of logs) {
    add(bloom, bitsOfAddress(log.address));
    for (const topic of topicsOf(log)) add(bloom, bitsOf(topic));
  }
  return bloom;
}

/** Sets in `target` every bit of `bloom`: a block's bloom is the union of its receipts'. */
export function mergeBloom(target: Uint8Array, bloom: Uint8Array): void {
  for (let index = 0; index < bloomBytes; index++) target[index] = (target[index] as number) | (bloom[index] as number);
}

/** False when no log behind this bloom has this address or topic; true says only that one may. */
export function bloomMayContain(bloom: Uint8Array, addressOrTopic: Hex): boolean {
  const bits = bitsOf(hexToBytes(addressOrTopic));
  return isSet(bloom, bits & 0x7ff) && isSet(bloom, (bits >> 11) & 0x7ff) && isSet(bloom, Math.floor(bits / 0x40_0000));
}

function add(bloom: Uint8Array, bits: number): void {
  set(bloom, bits & 0x7ff);
  set(bloom, (bits >> 11) & 0x7ff);
  set(bloom, Math.floor(bits / 0x40_0000));
}

function bitsOfAddress(address: Address): number {
  const known = remembered.get(address);
  if (known !== undefined) return known;
  const bits = bitsOf(hexToBytes(address));
  if (remembered.size >= rememberedMax) remembered.clear();
  remembered.set(address, bits);
  return bits;
}

/** Three bit numbers of eleven bits each, in one number of 33 bits. */
function bitsOf(addressOrTopic: Uint8Array): number {
  const hash = keccak256InPlace(addressOrTopic);
  return bitAt(hash, 0) + bitAt(hash, 2) * 0x800 + bitAt(hash, 4) * 0x40_0000;
}

function bitAt(hash: DataView, index: number): number {
  return hash.getUint16(index) & 0x7ff;
}

// Bit 0 is the lowest of the last byte.
function set(bloom: Uint8Array, bit: number): void {
  const index = bloomBytes - 1 - (bit >> 3);
  bloom[index] = (bloom[index] as number) | (1 << (bit & 7));
}

function isSet(bloom: Uint8Array, bit: number): boolean {
  return ((bloom[bloomBytes - 1 - (bit >> 3)] as number) & (1 << (bit & 7))) !== 0;
}
