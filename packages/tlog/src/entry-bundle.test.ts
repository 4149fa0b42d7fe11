import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { TestLog, testEntry } from "../test/test-log.ts";
import { decodeEntryBundle, encodeEntryBundle, openEntryBundle } from "./entry-bundle.ts";

describe("entry bundles", () => {
  test("have a big-endian uint16 length before each entry", () => {
    const long = new Uint8Array(0x0102).fill(7);
    expect(encodeEntryBundle([Uint8Array.of(9), new Uint8Array(0), long])).toEqual(
      Uint8Array.from([0, 1, 9, 0, 0, 1, 2, ...long]),
    );
  });

  test("are read back", () => {
    const entries = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 256 });
    fc.assert(
      fc.property(entries, (list) => expect(decodeEntryBundle(encodeEntryBundle(list), list.length)).toEqual(list)),
    );
  });

  test("of other lengths or widths are refused", () => {
    const bundle = encodeEntryBundle([Uint8Array.of(1, 2), Uint8Array.of(3)]);
    for (const width of [0, 1, 3]) expect(() => decodeEntryBundle(bundle, width)).toThrow("ENTRY_BUNDLE_MALFORMED");
    for (let length = 0; length < bundle.length; length++) {
      expect(() => decodeEntryBundle(bundle.slice(0, length), 2)).toThrow("ENTRY_BUNDLE_MALFORMED");
    }
    expect(() => encodeEntryBundle([])).toThrow("ENTRY_BUNDLE_MALFORMED");
    expect(() => encodeEntryBundle(Array<Uint8Array>(257).fill(bundle))).toThrow("ENTRY_BUNDLE_MALFORMED");
    expect(() => encodeEntryBundle([new Uint8Array(0x10000)])).toThrow("ENTRY_BUNDLE_MALFORMED");
    expect(decodeEntryBundle(encodeEntryBundle([new Uint8Array(0xffff)]), 1)[0]).toHaveLength(0xffff);
  });

  test("with any byte changed do not open against the tile", () => {
    const { edge } = new TestLog(5);
    const leafTile = edge.tiles[0] ?? new Uint8Array(0);
    const bundle = encodeEntryBundle([0, 1, 2, 3, 4].map(testEntry));
    expect(openEntryBundle(bundle, leafTile, 5)).toHaveLength(5);
    for (let at = 0; at < bundle.length; at++) {
      const changed = bundle.with(at, (bundle[at] ?? 0) ^ 0x01);
      expect(() => openEntryBundle(changed, leafTile, 5)).toThrow("ENTRY_BUNDLE_MALFORMED");
    }
    expect(() => openEntryBundle(bundle, leafTile.slice(0, 64), 5)).toThrow("ENTRY_BUNDLE_MALFORMED");
  });
});
