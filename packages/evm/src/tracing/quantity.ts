import type { Hex } from "@koinon/secp256k1/hex";

/** A quantity as JSON-RPC writes it: hex without leading zeros. */
export function toHex(value: number | bigint): Hex {
  return `0x${value.toString(16)}`;
}
