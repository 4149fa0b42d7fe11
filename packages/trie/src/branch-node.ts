import { headerBytes, readItem, stringBytes, writeHeader, writeString } from "./rlp-item.ts";
import { allocateBytes } from "./slab.ts";

/**
 * A child as it stands inside its parent (yellow paper appendix D, function n): `a0` and 32 bytes of hash, or, when the child
 * is encoded in less than 32 bytes, that encoding itself.
 */
export type NodeRef = Uint8Array;

/** Stands for a child that is as it was read: most of a branch's are, and each would be an array of its own. */
export const kept = Symbol("kept");

/** A child that is as it was read, another one, or none. */
export type BranchChild = NodeRef | typeof kept | undefined;

const children = 16;
const emptyChild = 0x80;
const hashHeader = 0xa0;

/** Sixteen children by the next digit, and the value of the key that ends here. */
export class BranchNode {
  readonly kind = "branch";
  readonly value: Uint8Array | undefined;
  /** The encoding that it was read from, and where its children and its value begin there. */
  readonly #source: Uint8Array | undefined;
  readonly #starts: readonly number[];
  readonly #children: readonly BranchChild[];

  private constructor(
    source: Uint8Array | undefined,
    starts: readonly number[],
    slots: readonly BranchChild[],
    value: Uint8Array | undefined,
  ) {
    this.#source = source;
    this.#starts = starts;
    this.#children = slots;
    this.value = value;
  }

  /** A branch with these sixteen children. */
  static of(refs: readonly (NodeRef | undefined)[], value: Uint8Array | undefined): BranchNode {
    return new BranchNode(undefined, [], refs, value);
  }

  /** Reads a branch from the payload of a list; undefined when it is no canonical one. The node shares the bytes. */
  static read(bytes: Uint8Array, payload: number, end: number): BranchNode | undefined {
    const starts = new Array<number>(children + 1);
    const slots = new Array<BranchChild>(children).fill(undefined);
    let at = payload;
    for (let index = 0; index < children; index++) {
      starts[index] = at;
      const next = childEnd(bytes, at, end);
      if (next === undefined) return undefined;
      if (next > at + 1) slots[index] = kept;
      at = next;
    }
    starts[children] = at;
    const last = readItem(bytes, at, end);
    if (last === undefined || last.isList || last.end !== end) return undefined;
    const value = last.end === last.payload ? undefined : bytes.subarray(last.payload, last.end);
    return new BranchNode(bytes, starts, slots, value);
  }

  /** True when all sixteen children are there. */
  get isFull(): boolean {
    for (let index = 0; index < children; index++) if (this.#children[index] === undefined) return false;
    return true;
  }

  /** A child by its digit. */
  child(index: number): NodeRef | undefined {
    const child = this.#children[index];
    return child === kept ? this.#source?.subarray(this.#starts[index], this.#starts[index + 1]) : child;
  }

  /** The sixteen children, to be changed and handed to `with`. */
  slots(): BranchChild[] {
    return this.#children.slice();
  }

  /** The branch with other children; those that are `kept` are its own. */
  with(slots: readonly BranchChild[], value: Uint8Array | undefined): BranchNode {
    return new BranchNode(this.#source, this.#starts, slots, value);
  }

  /** The RLP of the branch. */
  encode(): Uint8Array {
    return this.#encodeOver() ?? this.#encodeAnew();
  }

  /** The encoding that was read with some children of the same length in their places, which is the usual change. */
  #encodeOver(): Uint8Array | undefined {
    const source = this.#source;
    if (source === undefined || this.value !== undefined) return undefined;
    const starts = this.#starts;
    // The source may have had a value, also one of a single byte.
    if (source.length !== (starts[children] as number) + 1 || source[source.length - 1] !== emptyChild)
      return undefined;
    for (let index = 0; index < children; index++) {
      const child = this.#children[index];
      if (child === kept) continue;
      const length = child === undefined ? 1 : child.length;
      if (length !== (starts[index + 1] as number) - (starts[index] as number)) return undefined;
    }
    const bytes = allocateBytes(source.length);
    bytes.set(source);
    for (let index = 0; index < children; index++) {
      const child = this.#children[index];
      if (child !== kept && child !== undefined) bytes.set(child, starts[index]);
    }
    return bytes;
  }

  #encodeAnew(): Uint8Array {
    const { value } = this;
    let length = value === undefined ? 1 : stringBytes(value);
    for (let index = 0; index < children; index++) length += this.child(index)?.length ?? 1;
    const bytes = allocateBytes(headerBytes(length) + length);
    let at = writeHeader(length, 0xc0, bytes, 0);
    for (let index = 0; index < children; index++) {
      const child = this.child(index);
      if (child === undefined) bytes[at++] = emptyChild;
      else {
        bytes.set(child, at);
        at += child.length;
      }
    }
    if (value === undefined) bytes[at] = emptyChild;
    else writeString(value, bytes, at);
    return bytes;
  }
}

/** Where the child at `start` ends, one byte on for an empty one; undefined when it can not be a child. */
function childEnd(bytes: Uint8Array, start: number, limit: number): number | undefined {
  const prefix = bytes[start] as number;
  if (start < limit && prefix === emptyChild) return start + 1;
  if (prefix === hashHeader) return start + 33 <= limit ? start + 33 : undefined;
  const item = readItem(bytes, start, limit);
  return item?.isList === true && item.end - item.start < 32 ? item.end : undefined;
}
