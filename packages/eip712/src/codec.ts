/** Bytes with the view of the integers in them. */
export interface Words {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/** Zeroed words. */
export function createWords(sizeBytes: number): Words & { readonly bytes: Uint8Array<ArrayBuffer> } {
  const bytes = new Uint8Array(sizeBytes);
  return { bytes, view: new DataView(bytes.buffer) };
}

/** Bytes that are there already. */
export function wordsOf(bytes: Uint8Array): Words {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
}

/** Where a decoder stands: `next` is where the next content of variable length has to begin. */
export interface Reader extends Words {
  next: number;
}

/** One type, compiled: how its values are hashed (EIP-712 encodeData) and written (Solidity ABI). */
export interface Codec {
  readonly typeName: string;
  /** True when the ABI writes an offset in the head and the content behind it. */
  readonly dynamic: boolean;
  /** Bytes in the head of the enclosing tuple. */
  readonly headBytes: number;
  /** Bytes of the whole encoding of this value: the head's for a static type, the content's for a dynamic one. */
  sizeBytes(value: unknown): number;
  /** Writes the encoding over every byte of its place. */
  write(value: unknown, words: Words, offset: number): void;
  /** Reads at `offset`; a dynamic type moves `next` behind its content. Throws for any encoding but the canonical one. */
  read(reader: Reader, offset: number): unknown;
  /** Writes the EIP-712 word of the value: itself, or the hash of what does not fit a word. */
  writeHashWord(value: unknown, words: Words, offset: number): void;
  /** The same for the value whose canonical encoding is at `from`: what `read` would accept there, or `write` wrote. */
  copyHashWord(encoded: Words, from: number, words: Words, offset: number): void;
}

/** The content of variable length is padded to whole words. */
export function paddedBytes(lengthBytes: number): number {
  return Math.ceil(lengthBytes / 32) * 32;
}
