import { createMPT } from "@ethereumjs/mpt";
import { describe, expect, test } from "@jest/globals";
import { bytesToHex } from "@koinon/secp256k1/hex";
import { emptyRoot } from "./node-reader.ts";
import { orderedRoot, rlpOfIndex } from "./ordered-root.ts";

const item = (index: number, sizeBytes: number) => new Uint8Array(sizeBytes).fill(1 + (index % 255));

describe("orderedRoot", () => {
  test("of nothing is the empty root", () => {
    expect(orderedRoot([])).toEqual(emptyRoot);
    expect(bytesToHex(emptyRoot)).toBe("0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421");
  });

  test.each([1, 2, 16, 127, 128, 129, 255, 256, 257, 700])(
    "agrees with @ethereumjs/mpt for %i items",
    async (count) => {
      for (const sizeBytes of [1, 31, 120]) {
        const items = Array.from({ length: count }, (_, index) => item(index, sizeBytes));
        const oracle = await createMPT();
        for (const [index, bytes] of items.entries()) await oracle.put(rlpOfIndex(index), bytes);
        expect({ sizeBytes, root: bytesToHex(orderedRoot(items)) }).toEqual({
          sizeBytes,
          root: bytesToHex(oracle.root()),
        });
      }
    },
  );

  test("depends on the order", () => {
    expect(orderedRoot([item(1, 40), item(2, 40)])).not.toEqual(orderedRoot([item(2, 40), item(1, 40)]));
  });
});
