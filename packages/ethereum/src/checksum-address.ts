import type { Address } from "@koinon/secp256k1/address";
import { keccak256 } from "@koinon/secp256k1/keccak";

const encoder = new TextEncoder();

/** An address in the mixed case that shows typing errors (EIP-55): for display, never as a key. */
export function checksumAddress(address: Address): string {
  const digits = address.slice(2);
  const hash = keccak256(encoder.encode(digits));
  let text = "0x";
  for (let index = 0; index < digits.length; index++) {
    const digit = digits[index] as string;
    const nibble = ((hash[index >> 1] as number) >> (index % 2 === 0 ? 4 : 0)) & 0x0f;
    text += nibble >= 8 ? digit.toUpperCase() : digit;
  }
  return text;
}
