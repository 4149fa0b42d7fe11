import { createHash } from "node:crypto";

/** RFC 9162 section 2.1.1, written as its definition reads: the oracle for the package that the verifier uses. */
export function treeHash(entries: readonly Uint8Array[]): Uint8Array {
  if (entries.length === 0) return createHash("sha256").digest();
  if (entries.length === 1) return hash(0x00, entries[0] as Uint8Array);
  const split = splitOf(entries.length);
  return hash(0x01, treeHash(entries.slice(0, split)), treeHash(entries.slice(split)));
}

/** RFC 9162 section 2.1.3.1: the audit path, leaf to root. */
export function auditPath(index: number, entries: readonly Uint8Array[]): Uint8Array[] {
  if (entries.length <= 1) return [];
  const split = splitOf(entries.length);
  const [left, right] = [entries.slice(0, split), entries.slice(split)];
  return index < split
    ? [...auditPath(index, left), treeHash(right)]
    : [...auditPath(index - split, right), treeHash(left)];
}

function splitOf(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}

function hash(prefix: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const digest = createHash("sha256").update(Uint8Array.of(prefix));
  for (const part of parts) digest.update(part);
  return digest.digest();
}
