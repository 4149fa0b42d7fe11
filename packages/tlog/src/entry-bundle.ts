import { isSameHash, portableTreeHasher, type TreeHasher } from "@koinon/merkle/tree-hasher";
import { hashInTile, TILE_WIDTH } from "./tile.ts";
import { TlogError } from "./tlog-error.ts";

/** The longest entry that the uint16 length of a bundle can tell. */
const ENTRY_BYTES_MAX = 0xffff;

const LENGTH_BYTES = 2;

/** Writes 1 to 256 entries as a bundle: each behind its big-endian uint16 length (C2SP tlog-tiles). */
export function encodeEntryBundle(entries: readonly Uint8Array[]): Uint8Array {
  if (entries.length === 0 || entries.length > TILE_WIDTH) throw malformed(`${entries.length} entries`);
  const bundle = new Uint8Array(entries.reduce((sum, entry) => sum + LENGTH_BYTES + entry.length, 0));
  const view = new DataView(bundle.buffer);
  let at = 0;
  for (const entry of entries) {
    if (entry.length > ENTRY_BYTES_MAX) throw malformed(`entry of ${entry.length} bytes`);
    view.setUint16(at, entry.length);
    bundle.set(entry, at + LENGTH_BYTES);
    at += LENGTH_BYTES + entry.length;
  }
  return bundle;
}

/** Reads the entries of a bundle of known width; throws ENTRY_BUNDLE_MALFORMED unless it is exactly that many entries. */
export function decodeEntryBundle(bundle: Uint8Array, width: number): Uint8Array[] {
  const view = new DataView(bundle.buffer, bundle.byteOffset, bundle.byteLength);
  const entries: Uint8Array[] = [];
  let at = 0;
  while (at < bundle.length) {
    if (at + LENGTH_BYTES > bundle.length) throw malformed("cut length");
    const end = at + LENGTH_BYTES + view.getUint16(at);
    if (end > bundle.length) throw malformed("cut entry");
    if (entries.length === width) throw malformed("too many entries");
    entries.push(bundle.subarray(at + LENGTH_BYTES, end));
    at = end;
  }
  if (entries.length !== width || width === 0) throw malformed(`${entries.length} entries of ${width}`);
  return entries;
}

/** Reads a bundle and compares every entry with its hash in the level-0 tile of the same width; throws when one differs. */
export function openEntryBundle(
  bundle: Uint8Array,
  leafTile: Uint8Array,
  width: number,
  hasher: TreeHasher = portableTreeHasher,
): Uint8Array[] {
  const entries = decodeEntryBundle(bundle, width);
  for (const [i, entry] of entries.entries()) {
    if (!isSameHash(hasher.leaf(entry), hashInTile(leafTile, i))) throw malformed(`entry ${i} is not in the tree`);
  }
  return entries;
}

function malformed(reason: string): TlogError {
  return new TlogError({ code: "ENTRY_BUNDLE_MALFORMED", reason });
}
