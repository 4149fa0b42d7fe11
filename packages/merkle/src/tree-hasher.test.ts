import { createHash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { createTreeHasher, isHash, isSameHash, portableTreeHasher } from "./tree-hasher.ts";

const native = createTreeHasher((bytes) => Uint8Array.from(createHash("sha256").update(bytes).digest()));

describe("tree hasher", () => {
  test("separates leaves from nodes: a node's two children as one entry hash differently", () => {
    const left = portableTreeHasher.leaf(Uint8Array.of(1));
    const right = portableTreeHasher.leaf(Uint8Array.of(2));
    const node = portableTreeHasher.node(left, right);
    expect(isSameHash(node, portableTreeHasher.leaf(Uint8Array.from([...left, ...right])))).toBe(false);
    expect(isSameHash(node, portableTreeHasher.node(right, left))).toBe(false);
  });

  test("is the same over an injected SHA-256", () => {
    const a = native.leaf(Uint8Array.of(1, 2, 3));
    expect(a).toEqual(portableTreeHasher.leaf(Uint8Array.of(1, 2, 3)));
    expect(native.node(a, a)).toEqual(portableTreeHasher.node(a, a));
    expect(native.emptyRoot).toEqual(portableTreeHasher.emptyRoot);
  });

  test("tells hashes from anything else", () => {
    expect([new Uint8Array(31), new Uint8Array(33), "00".repeat(32), undefined].map(isHash)).toEqual(
      Array(4).fill(false),
    );
    expect(isSameHash(new Uint8Array(0), new Uint8Array(0))).toBe(false);
  });
});
