import { hexToBytes } from "@koinon/secp256k1/hex";
import { writeKeccak256 } from "@koinon/secp256k1/keccak";
import { bytesToNibbles, type Nibbles } from "@koinon/trie/nibbles";
import { TwoGenerationCache } from "./two-generation-cache.ts";

/** Each hash is asked for when an entry is read, put into the trie and written; a pure function's answers may be shared. */
const rememberedMax = 131_072;
const remembered = new TwoGenerationCache<Nibbles>(rememberedMax);

const hash = new Uint8Array(32);

/** The digits of the Keccak-256 of an address or slot, given as its digits without 0x: the key in the trie. */
export function hashedKey(digits: string): Nibbles {
  const known = remembered.get(digits);
  if (known !== undefined) return known;
  writeKeccak256(hexToBytes(`0x${digits}`), hash, 0);
  const hashed = bytesToNibbles(hash);
  remembered.set(digits, hashed);
  return hashed;
}
