import { mixBits } from "./hash-mix.ts";
import type { StateKey } from "./state-key.ts";

/** An account or slot, a node of the account trie, a node of a storage trie: told apart, since digits alone do not. */
const kinds = { entry: 0, accountNode: 1, storageNode: 2 };

const storageLetter = 109;
const x = 120;
const digitsPerWord = 8;
/** A node of a storage trie: 64 digits of the hash and up to 64 of the path. */
const digitsMax = 128;

/** A key of the state as words of eight digits, written over by the next call; no two keys have the same kind, digits and words. */
export class PackedKey {
  readonly words = new Uint32Array(digitsMax / digitsPerWord);
  /** How many words are used. */
  length = 0;
  /** Kind and number of digits, below 2^12. */
  shape = 0;
  /** 32 bits of all of it. */
  hash = 0;

  /** Takes a key. */
  set(key: StateKey): void {
    const isEntry = key.charCodeAt(1) === x;
    const isStorageNode = !isEntry && key.charCodeAt(0) === storageLetter;
    const start = isEntry ? 2 : isStorageNode ? 1 : 0;
    const digits = key.length - start;
    const kind = isEntry ? kinds.entry : isStorageNode ? kinds.storageNode : kinds.accountNode;
    this.shape = (kind << 8) | digits;
    let hash = this.shape;
    let at = start;
    let index = 0;
    for (; at < key.length; index++) {
      const end = Math.min(at + digitsPerWord, key.length);
      let word = 0;
      for (; at < end; at++) word = (word << 4) | digitOf(key.charCodeAt(at));
      this.words[index] = word;
      hash = mixBits(hash ^ word);
    }
    this.length = index;
    this.hash = hash;
  }
}

/** The value of a lower-case hex digit: letters have bit 6 and are 1 to 6 in their low bits. */
function digitOf(code: number): number {
  return (code & 15) + 9 * (code >> 6);
}
