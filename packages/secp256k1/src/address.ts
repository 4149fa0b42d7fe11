import { SignatureError } from "./fault.ts";
import { type Hex, isHex } from "./hex.ts";

/** A party's id: 20 bytes as lower-case 0x-hex. EIP-55 mixed case is for display and is not used here. */
export type Address = Hex;

/** The address that nobody has a key for. */
export const zeroAddress: Address = "0x0000000000000000000000000000000000000000";

/** True for a lower-case address. */
export function isAddress(value: unknown): value is Address {
  return isHex(value, 20);
}

/** Reads an address; throws SignatureError `ADDRESS_MALFORMED` unless it is lower-case 0x-hex of 20 bytes. */
export function parseAddress(text: string): Address {
  if (!isAddress(text)) throw new SignatureError({ code: "ADDRESS_MALFORMED" });
  return text;
}
