import { asBinary } from "lmdb";
import type { BatchRun } from "./write-batch.ts";

/** A value as lmdb takes it. */
export type LmdbValue = ReturnType<typeof asBinary>;

/** What is done with an operation. */
export interface RunVisitor {
  /** Key and value are good until it returns: the next operation is told with the same objects. */
  put(key: Uint8Array, value: LmdbValue): void;
  /** The same. */
  remove(key: Uint8Array): void;
}

/** Keys by their length, written over and over: lmdb copies a key at once. */
const keys: Uint8Array[] = [];

/**
 * Tells the operations of a run without making anything for each. lmdb notes the address of a value at once and reads its bytes
 * later; until then it holds on to the piece, which is never written over.
 */
export function visitRun({ piece, offsets }: BatchRun, visitor: RunVisitor): void {
  const value = asBinary(piece);
  for (let index = 0; index < offsets.length; index += 3) {
    const start = offsets[index] as number;
    const keyEnd = offsets[index + 1] as number;
    const end = offsets[index + 2] as number;
    const key = keyOf(keyEnd - start);
    for (let at = start; at < keyEnd; at++) key[at - start] = piece[at] as number;
    if (end === keyEnd) visitor.remove(key);
    else {
      piece.start = keyEnd;
      piece.end = end;
      visitor.put(key, value);
    }
  }
}

function keyOf(length: number): Uint8Array {
  const known = keys[length];
  if (known !== undefined) return known;
  const key = new Uint8Array(length);
  keys[length] = key;
  return key;
}
