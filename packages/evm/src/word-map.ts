import { bytesToHex, hexToBytes } from "@koinon/secp256k1/hex";
import { keccak256 } from "@koinon/secp256k1/keccak";
import { type Word, wordToHex } from "./word.ts";

const hashBits = 28;
const wordShift = BigInt(256 - hashBits);

/** Hashes words in a way that whoever does not know the secret can not steer. */
export class WordHash {
  private readonly multiplier: bigint;
  private readonly smallMultiplier: number;

  /** `secret`: 256 bits, any: a multiplier must be of the size of its words to spread them, and a hash of it is. */
  constructor(secret: bigint) {
    const hashed = BigInt(bytesToHex(keccak256(hexToBytes(wordToHex(secret)))));
    // Multiply-shift hashing is universal for odd multipliers: two words collide with a probability of 2 in 2^28.
    this.multiplier = hashed | 1n;
    this.smallMultiplier = Number(BigInt.asUintN(32, hashed >> 128n)) | 1;
  }

  hash(word: Word): number {
    if (typeof word === "number") return Math.imul(word, this.smallMultiplier) >>> (32 - hashBits);
    return Number(BigInt.asUintN(256, word * this.multiplier) >> wordShift);
  }
}

/** An entry of a word map. */
interface Entry<V> {
  readonly key: Word;
  value: V;
  /** The entry before it with the same hash. */
  readonly next: Entry<V> | undefined;
}

/**
 * A map from words. JavaScript's own hashes bigints by their low 64 bits and without a secret, so that a contract could choose
 * slots which all fall together and make every later access a walk along all of them.
 */
export class WordMap<V> {
  private readonly hasher: WordHash;
  private readonly byHash = new Map<number, Entry<V>>();
  private readonly list: Entry<V>[] = [];

  constructor(hasher: WordHash) {
    this.hasher = hasher;
  }

  get(key: Word): V | undefined {
    return this.find(key, this.byHash.get(this.hasher.hash(key)))?.value;
  }

  set(key: Word, value: V): void {
    const hash = this.hasher.hash(key);
    const first = this.byHash.get(hash);
    const known = this.find(key, first);
    if (known !== undefined) {
      known.value = value;
      return;
    }
    const entry = { key, value, next: first };
    this.byHash.set(hash, entry);
    this.list.push(entry);
  }

  /** The entries in the order in which their keys came. */
  entries(): readonly { readonly key: Word; readonly value: V }[] {
    return this.list;
  }

  private find(key: Word, first: Entry<V> | undefined): Entry<V> | undefined {
    let entry = first;
    while (entry !== undefined && entry.key !== key) entry = entry.next;
    return entry;
  }
}
