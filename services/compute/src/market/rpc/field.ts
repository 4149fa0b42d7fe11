import { type Address, isAddress } from "@koinon/secp256k1/address";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import { MarketError } from "../errors.ts";

/** 32 bytes as hex; throws MarketError `FIELD_INVALID`. */
export function hashField(bytes: Uint8Array, field: string): Hex {
  if (bytes.length !== 32) throw invalidField(field, "not 32 bytes");
  return bytesToHex(bytes);
}

/** 20 bytes as an address; throws MarketError `FIELD_INVALID`. */
export function addressField(bytes: Uint8Array, field: string): Address {
  const address = bytesToHex(bytes);
  if (!isAddress(address)) throw invalidField(field, "not 20 bytes");
  return address;
}

// uint128, which is what a receipt's fee can hold.
const amountPattern = /^(0|[1-9][0-9]{0,38})$/;
const amountMax = 2n ** 128n - 1n;

/** A decimal amount of micro-credits; throws MarketError `FIELD_INVALID`. */
export function amountField(text: string, field: string): bigint {
  const amount = amountPattern.test(text) ? BigInt(text) : -1n;
  if (amount < 0n || amount > amountMax) throw invalidField(field, "not a decimal amount below 2^128");
  return amount;
}

/** Text of 1 to `lengthMax` printable characters; throws MarketError `FIELD_INVALID`. */
export function textField(text: string, field: string, lengthMax: number): string {
  if (text.length === 0 || text.length > lengthMax || /\p{C}/u.test(text)) {
    throw invalidField(field, `not 1 to ${lengthMax} printable characters`);
  }
  return text;
}

/** A page size: 0 means 50, at most 100; throws MarketError `FIELD_INVALID`. */
export function pageSizeField(size: number): number {
  if (size > 100) throw invalidField("page_size", "more than 100");
  return size === 0 ? 50 : size;
}

/** The fault of a field. */
export function invalidField(field: string, reason: string): MarketError {
  return new MarketError({ code: "FIELD_INVALID", field, reason });
}
