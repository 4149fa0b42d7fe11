import { allocateBytes } from "@koinon/trie/slab";

const children = 16;
const emptyChild = 0x80;
const hashHeader = 0xa0;
const shortList = 0xc0;
/** Smaller nodes are stored whole: a delta of one child alone takes 35 bytes and more. */
const minimumBytes = 100;

const beforeStarts = new Uint16Array(children + 1);
const afterStarts = new Uint16Array(children + 1);

/**
 * What a branch was, told by the children in which it differs from what it became: a two-byte mask of the children that
 * changed, then each earlier one as it stood in the node. Undefined when one of the two is no branch, when one has a value
 * (no key of the state ends at a branch), or when so much changed that the node itself is about as short.
 */
export function encodeNodeDelta(before: Uint8Array, after: Uint8Array): Uint8Array | undefined {
  if (before.length < minimumBytes || !findChildren(before, beforeStarts) || !findChildren(after, afterStarts)) {
    return undefined;
  }
  let mask = 0;
  let length = 2;
  for (let index = 0; index < children; index++) {
    const size = sizeAt(beforeStarts, index);
    if (isSameChild(before, after, index)) continue;
    mask |= 1 << index;
    length += size;
  }
  if (2 * length > before.length) return undefined;
  const bytes = allocateBytes(length);
  bytes[0] = mask >> 8;
  bytes[1] = mask;
  let at = 2;
  for (let index = 0; index < children; index++) {
    if ((mask & (1 << index)) === 0) continue;
    bytes.set(before.subarray(beforeStarts[index], beforeStarts[index + 1]), at);
    at += sizeAt(beforeStarts, index);
  }
  return bytes;
}

/** What the branch was; undefined when the delta does not belong to these bytes. */
export function applyNodeDelta(delta: Uint8Array, after: Uint8Array): Uint8Array | undefined {
  if (delta.length < 2 || !findChildren(after, afterStarts)) return undefined;
  const mask = ((delta[0] as number) << 8) | (delta[1] as number);
  const parts: Uint8Array[] = [];
  let length = 1;
  let at = 2;
  for (let index = 0; index < children; index++) {
    const isChanged = (mask & (1 << index)) !== 0;
    const size = isChanged ? childBytes(delta, at) : sizeAt(afterStarts, index);
    if (size === 0 || (isChanged && at + size > delta.length)) return undefined;
    parts.push(isChanged ? delta.subarray(at, at + size) : after.subarray(afterStarts[index], afterStarts[index + 1]));
    if (isChanged) at += size;
    length += size;
  }
  return at === delta.length ? joinBranch(parts, length) : undefined;
}

/** The RLP list of the children and of no value. */
function joinBranch(parts: readonly Uint8Array[], length: number): Uint8Array {
  const headerBytes = length <= 55 ? 1 : length <= 0xff ? 2 : 3;
  const bytes = new Uint8Array(headerBytes + length);
  if (headerBytes === 1) bytes[0] = shortList + length;
  else {
    bytes[0] = 0xf7 + headerBytes - 1;
    if (headerBytes === 3) bytes[1] = length >> 8;
    bytes[headerBytes - 1] = length;
  }
  let at = headerBytes;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  bytes[at] = emptyChild;
  return bytes;
}

/** Finds where the children of a stored branch begin, and where the last one ends; false for other nodes. */
function findChildren(node: Uint8Array, starts: Uint16Array): boolean {
  const prefix = node[0] as number;
  if (prefix < shortList) return false;
  let at = prefix <= 0xf7 ? 1 : prefix - 0xf7 + 1;
  for (let index = 0; index < children; index++) {
    starts[index] = at;
    const size = childBytes(node, at);
    if (size === 0) return false;
    at += size;
  }
  starts[children] = at;
  return at === node.length - 1 && node[at] === emptyChild;
}

/** Bytes of the child at a place: empty, a hash, or a node of less than 32 bytes; 0 for anything else. */
function childBytes(bytes: Uint8Array, at: number): number {
  const prefix = bytes[at];
  if (prefix === emptyChild) return 1;
  if (prefix === hashHeader) return 33;
  return prefix !== undefined && prefix >= shortList && prefix < shortList + 31 ? prefix - shortList + 1 : 0;
}

function sizeAt(starts: Uint16Array, index: number): number {
  return (starts[index + 1] as number) - (starts[index] as number);
}

function isSameChild(before: Uint8Array, after: Uint8Array, index: number): boolean {
  const size = sizeAt(beforeStarts, index);
  if (size !== sizeAt(afterStarts, index)) return false;
  const from = beforeStarts[index] as number;
  const to = afterStarts[index] as number;
  for (let at = 0; at < size; at++) if (before[from + at] !== after[to + at]) return false;
  return true;
}
