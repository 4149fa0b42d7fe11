import { readFile } from "node:fs/promises";
import { checksumAddress } from "@koinon/ethereum/checksum-address";
import { type Address, isAddress } from "@koinon/secp256k1/address";
import { createSigner } from "@koinon/secp256k1/ecdsa";
import { hexToBytes, isHex } from "@koinon/secp256k1/hex";
import type { Signer } from "@koinon/secp256k1/signer";
import { InputError, UsageError } from "../command.ts";
import { reasonOf } from "../connection/files.ts";

/** Reads an address as people write them; mixed case must be the right one (EIP-55). Throws UsageError. */
export function addressOf(text: string): Address {
  const address = text.toLowerCase();
  if (!isAddress(address)) throw new UsageError(`${text} is not an address: 0x and 40 hex digits`);
  const isMixed = text !== address && text.slice(2) !== text.slice(2).toUpperCase();
  if (isMixed && checksumAddress(address) !== text) {
    throw new UsageError(`${text} is mistyped: upper and lower case do not fit (EIP-55)`);
  }
  return address;
}

/** Reads a private key, 32 bytes in hex, from a file; throws InputError. */
export async function signerOf(file: string): Promise<Signer> {
  let text: string;
  try {
    text = (await readFile(file, "utf8")).trim().toLowerCase();
  } catch (cause) {
    throw new InputError(`can not read the key ${file}: ${reasonOf(cause)}`, { cause });
  }
  const hex = text.startsWith("0x") ? text : `0x${text}`;
  if (!isHex(hex, 32)) throw new InputError(`${file} holds no private key: 32 bytes in hex are expected`);
  try {
    return createSigner(hexToBytes(hex));
  } catch (cause) {
    throw new InputError(`${file} holds no private key of secp256k1`, { cause });
  }
}
