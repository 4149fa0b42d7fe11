import { describe, expect, test } from "@jest/globals";
import { createWorld } from "../test/world.ts";
import { bundleBytesMax, bundleToJson, createBundle, parseBundle } from "./bundle.ts";

const { bundle } = createWorld({ sequence: 1, parents: 2 });
const { bundle: anchored } = createWorld({ anchorBlocks: 2 });
const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

describe("bundle form", () => {
  test("reads what it writes, formatted or not", () => {
    expect(parseBundle(createBundle(bundle))).toEqual(bundle);
    const formatted = JSON.stringify(bundleToJson(bundle), null, 4);
    expect(parseBundle(new TextEncoder().encode(formatted))).toEqual(bundle);
    const reversed = Object.fromEntries(Object.entries(bundleToJson(bundle) as object).toReversed());
    expect(parseBundle(encode(reversed))).toEqual(bundle);
  });

  test("has one format with an anchor and another without, and none in between", () => {
    expect(parseBundle(createBundle(anchored))).toEqual(anchored);
    const [plain, whole] = [bundleToJson(bundle) as object, bundleToJson(anchored) as object];
    expect([plain, whole]).toMatchObject([{ format: "koinon.bundle/1" }, { format: "koinon.bundle/2" }]);
    const { anchor, ...without } = whole as Record<string, unknown>;
    for (const mixed of [
      { ...plain, anchor },
      { ...plain, anchor: null },
      { ...whole, anchor: null },
      without,
      { ...whole, format: "koinon.bundle/1" },
      { ...plain, format: "koinon.bundle/2" },
    ]) {
      expect(() => parseBundle(encode(mixed))).toThrow("DOCUMENT_MALFORMED");
    }
    expect(parseBundle(encode({ ...without, format: "koinon.bundle/1" }))).toEqual({ ...anchored, anchor: null });
  });

  test("an anchor's lists and values are bounded", () => {
    const headers = Array(257).fill("0xc0");
    const long = `0x${"00".repeat(1_025)}`;
    for (const change of [
      { headers },
      { headers: [`0x${"00".repeat(2_049)}`] },
      { account: Array(66).fill("0x") },
      { root: [long] },
      { submission: ["0xABCD"] },
      { submission: ["0xabc"] },
    ]) {
      const anchor = { ...(anchored.anchor ?? {}), ...change };
      expect(() => parseBundle(encode({ ...(bundleToJson(anchored) as object), anchor }))).toThrow("anchor.");
    }
  });

  test("the size limit holds before parsing, and when writing", () => {
    expect(() => parseBundle(new Uint8Array(bundleBytesMax + 1))).toThrow("JSON_TOO_LARGE");
    const padded = new Uint8Array(bundleBytesMax).fill(0x20);
    padded.set(createBundle(bundle));
    expect(parseBundle(padded)).toEqual(bundle);
    expect(() => createBundle({ ...bundle, checkpoint: "x".repeat(bundleBytesMax) })).toThrow("DOCUMENT_MALFORMED");
  });

  test("numbers above 2^53 survive", () => {
    const most = 2n ** 64n - 1n;
    const receipt = {
      ...bundle.receipt,
      document: { ...bundle.receipt.document, inputUnits: most, fee: 2n ** 128n - 1n },
    };
    expect(parseBundle(createBundle({ ...bundle, receipt }))).toMatchObject({ receipt });
  });

  test.each([
    ["another version", { format: "koinon.bundle/3" }],
    ["a number where a decimal string belongs", { inclusion: { index: 3, hashes: [] } }],
    ["a path longer than any tree's", { inclusion: { index: "3", hashes: Array(65).fill(`0x${"00".repeat(32)}`) } }],
    ["a note that is no string", { checkpoint: null }],
    ["an unknown member", { note: "" }],
    ["openings without one", { openings: { input: bundle.openings.input } }],
  ])("refuses %s", (_name, change) => {
    expect(() => parseBundle(encode({ ...(bundleToJson(bundle) as object), ...change }))).toThrow("DOCUMENT_MALFORMED");
  });

  test("refuses a member twice, and an empty file", () => {
    const text = new TextDecoder().decode(createBundle(bundle));
    expect(() => parseBundle(new TextEncoder().encode(text.replace("{", '{"checkpoint":"",')))).toThrow(
      "JSON_DUPLICATE_MEMBER",
    );
    expect(() => parseBundle(new Uint8Array(0))).toThrow("JSON_MALFORMED");
    expect(() => parseBundle(encode(null))).toThrow("not an object");
  });
});
