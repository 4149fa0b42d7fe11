import { decodeNode, encodeNode, type NodeRef } from "@koinon/trie/node";

/**
 * What a branch was, told by the children in which it differs from what it became: a two-byte mask of the children that
 * changed, then each earlier one preceded by its length (0 for none). Undefined when one of the two is no branch, when both
 * have values, or when so much changed that the node itself is about as short.
 */
export function encodeNodeDelta(before: Uint8Array, after: Uint8Array): Uint8Array | undefined {
  if (before.length < minimumBytes || after.length < minimumBytes) return undefined;
  const earlier = decodeNode(before);
  const later = decodeNode(after);
  if (earlier?.kind !== "branch" || later?.kind !== "branch") return undefined;
  if (earlier.value !== undefined || later.value !== undefined) return undefined;
  let mask = 0;
  let length = 2;
  for (let index = 0; index < 16; index++) {
    const child = earlier.children[index];
    if (isSameRef(child, later.children[index])) continue;
    mask |= 1 << index;
    length += 1 + (child?.length ?? 0);
  }
  if (2 * length > before.length) return undefined;
  const bytes = new Uint8Array(length);
  bytes[0] = mask >> 8;
  bytes[1] = mask;
  let at = 2;
  for (let index = 0; index < 16; index++) {
    if ((mask & (1 << index)) === 0) continue;
    const child = earlier.children[index];
    bytes[at++] = child?.length ?? 0;
    if (child === undefined) continue;
    bytes.set(child, at);
    at += child.length;
  }
  return bytes;
}

/** Smaller nodes are stored whole: a delta of one child alone takes 36 bytes. */
const minimumBytes = 100;

/** What the branch was; undefined when the delta does not belong to these bytes. */
export function applyNodeDelta(delta: Uint8Array, after: Uint8Array): Uint8Array | undefined {
  const later = decodeNode(after);
  if (later?.kind !== "branch" || delta.length < 2) return undefined;
  const mask = ((delta[0] as number) << 8) | (delta[1] as number);
  const children: (NodeRef | undefined)[] = later.children.slice();
  let at = 2;
  for (let index = 0; index < 16; index++) {
    if ((mask & (1 << index)) === 0) continue;
    const length = delta[at++];
    if (length === undefined || at + length > delta.length) return undefined;
    children[index] = length === 0 ? undefined : delta.subarray(at, at + length);
    at += length;
  }
  return at === delta.length ? encodeNode({ kind: "branch", children, value: undefined }) : undefined;
}

function isSameRef(a: NodeRef | undefined, b: NodeRef | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
  return true;
}
