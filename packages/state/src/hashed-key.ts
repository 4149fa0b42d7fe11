import { hexToBytes } from "@koinon/secp256k1/hex";
import { keccak256 } from "@koinon/secp256k1/keccak";
import { bytesToNibbles, type Nibbles } from "@koinon/trie/nibbles";
import { TwoGenerationCache } from "./two-generation-cache.ts";

/** Each hash is asked for when an entry is read, put into the trie and written; a pure function's answers may be shared. */
const rememberedMax = 131_072;
const remembered = new TwoGenerationCache<Nibbles>(rememberedMax);

/** The digits of the Keccak-256 of an address or slot, given as its digits without 0x: the key in the trie. */
export function hashedKey(digits: string): Nibbles {
  const known = remembered.get(digits);
  if (known !== undefined) return known;
  const hashed = bytesToNibbles(keccak256(hexToBytes(`0x${digits}`)));
  remembered.set(digits, hashed);
  return hashed;
}
