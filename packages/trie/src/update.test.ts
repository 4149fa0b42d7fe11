import { createMPT } from "@ethereumjs/mpt";
import { describe, expect, test } from "@jest/globals";
import { bytesToHex } from "@koinon/secp256k1/hex";
import { keccak256 } from "@koinon/secp256k1/keccak";
import fc from "fast-check";
import type { NodeRef } from "./branch-node.ts";
import { MemoryTrie } from "./memory-trie.ts";
import { bytesToNibbles } from "./nibbles.ts";
import { decodeNode, isHashRef } from "./node.ts";
import { emptyRoot, type NodeReader } from "./node-reader.ts";
import { updateTrie } from "./update.ts";

const text = (value: string) => new TextEncoder().encode(value);

/** The paths of all nodes that the root reaches by hash. */
function reachable(reader: NodeReader): string[] {
  const paths: string[] = [];
  const visit = (bytes: Uint8Array, path: string): void => {
    const node = decodeNode(bytes);
    if (node === undefined) throw new Error(`malformed at ${path}`);
    const follow = (ref: NodeRef, childPath: string) => {
      if (!isHashRef(ref)) return visit(ref, childPath);
      const child = reader.node(childPath);
      if (child === undefined) throw new Error(`missing at ${childPath}`);
      expect(bytesToHex(keccak256(child))).toBe(bytesToHex(ref.subarray(1)));
      paths.push(childPath);
      visit(child, childPath);
    };
    if (node.kind === "extension") follow(node.child, path + node.key);
    if (node.kind === "branch") {
      for (let index = 0; index < 16; index++) {
        const ref = node.child(index);
        if (ref) follow(ref, path + index.toString(16));
      }
    }
  };
  const root = reader.node("");
  if (root === undefined) return [];
  visit(root, "");
  return ["", ...paths].sort();
}

/** Few distinct digits and several lengths, so that keys share prefixes, nest in each other and collapse often. */
const variableKey = fc
  .array(fc.constantFrom(0x00, 0x01, 0x10, 0x11, 0xf1), { minLength: 1, maxLength: 4 })
  .map((bytes) => Uint8Array.from(bytes));
const fixedKey = fc
  .array(fc.constantFrom(0x00, 0x01, 0x10, 0x2f), { minLength: 4, maxLength: 4 })
  .map((bytes) => Uint8Array.from(bytes));
const value = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 4 }),
  fc.uint8Array({ minLength: 30, maxLength: 70 }),
  fc.constant(undefined),
);
const batches = (key: fc.Arbitrary<Uint8Array>) =>
  fc.array(fc.array(fc.tuple(key, value), { maxLength: 12 }), { minLength: 1, maxLength: 8 });

describe("updateTrie", () => {
  test.each([
    ["keys of several lengths", variableKey],
    ["keys of one length", fixedKey],
  ])("has the roots of @ethereumjs/mpt and stores exactly what the root reaches: %s", async (_name, key) => {
    await fc.assert(
      fc.asyncProperty(batches(key), async (steps) => {
        const trie = new MemoryTrie();
        const latest = new Map<string, readonly [Uint8Array, Uint8Array | undefined]>();
        for (const step of steps) {
          for (const entry of step) latest.set(bytesToNibbles(entry[0]), entry);
          // Built anew each time: with keys that begin other keys, deletion in @ethereumjs/mpt 10.1.3 does not lead to the root
          // that it has itself for the keys that are left.
          const oracle = await createMPT();
          for (const [k, v] of latest.values()) if (v !== undefined) await oracle.put(k, v);
          expect(bytesToHex(trie.update(step))).toBe(bytesToHex(oracle.root()));
          expect([...trie.nodes.keys()].sort()).toEqual(reachable(trie));
        }
      }),
      { numRuns: 200 },
    );
  });

  test("has the roots of @ethereumjs/mpt when that deletes as well, for keys of one length", async () => {
    await fc.assert(
      fc.asyncProperty(batches(fixedKey), async (steps) => {
        const trie = new MemoryTrie();
        const oracle = await createMPT();
        for (const step of steps) {
          for (const [k, v] of step) await (v === undefined ? oracle.del(k) : oracle.put(k, v));
          expect(bytesToHex(trie.update(step))).toBe(bytesToHex(oracle.root()));
        }
      }),
      { numRuns: 200 },
    );
  });

  test("has the same root whatever the order and the batches", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(variableKey, fc.uint8Array({ minLength: 1, maxLength: 40 })), {
          selector: ([key]) => bytesToNibbles(key),
          minLength: 1,
          maxLength: 30,
        }),
        fc.infiniteStream(fc.nat({ max: 1000 })),
        (entries, ranks) => {
          const root = new MemoryTrie().update(entries);
          const shuffled = entries
            .map((entry) => ({ entry, rank: ranks.next().value }))
            .sort((a, b) => a.rank - b.rank);
          const trie = new MemoryTrie();
          for (const { entry } of shuffled) trie.update([entry]);
          expect(bytesToHex(trie.root)).toBe(bytesToHex(root));
          trie.update(entries.map(([key]) => [key, undefined]));
          expect(trie.root).toEqual(emptyRoot);
          expect(trie.nodes.size).toBe(0);
        },
      ),
      { numRuns: 200 },
    );
  });

  test("reports what was stored before and is to be stored, and can be undone by it", () => {
    fc.assert(
      fc.property(batches(fixedKey), (steps) => {
        const nodes = new Map<string, Uint8Array>();
        const reader: NodeReader = { node: (path) => nodes.get(path) };
        for (const step of steps) {
          const latest = new Map(step.map(([key, v]) => [bytesToNibbles(key), v]));
          const changes = [...latest].map(([key, v]) => ({ key, value: v })).sort((a, b) => (a.key < b.key ? -1 : 1));
          const earlier = new Map(nodes);
          const update = updateTrie(reader, changes);
          expect(nodes).toEqual(earlier);
          for (const [path, { before, after }] of update.nodes) {
            expect({ path, before }).toEqual({ path, before: nodes.get(path) });
            if (after === undefined) nodes.delete(path);
            else nodes.set(path, after);
          }
        }
      }),
    );
  });

  test("a change that changes nothing touches no node", () => {
    const trie = new MemoryTrie();
    trie.update([
      [text("do"), text("verb")],
      [text("dog"), text("puppy, and a tail long enough to be hashed")],
      [text("horse"), text("stallion, and a mane long enough to be hashed")],
    ]);
    const changes = [
      { key: bytesToNibbles(text("cat")), value: undefined },
      { key: bytesToNibbles(text("do")), value: text("verb") },
      { key: bytesToNibbles(text("doge")), value: undefined },
    ];
    const update = updateTrie(trie, changes);
    expect(update.root).toEqual(trie.root);
    expect(update.nodes.size).toBe(0);
  });

  test("refuses keys out of order or twice", () => {
    const changes = [
      { key: "0b", value: text("x") },
      { key: "0a", value: text("y") },
    ];
    expect(() => updateTrie(new MemoryTrie(), changes)).toThrow("CHANGES_NOT_SORTED");
    expect(() => updateTrie(new MemoryTrie(), [changes[0] as never, changes[0] as never])).toThrow(
      "CHANGES_NOT_SORTED",
    );
  });

  test("names the path of a node that is gone or damaged", () => {
    const trie = new MemoryTrie();
    trie.update(Array.from({ length: 64 }, (_, index) => [keccak256(Uint8Array.of(index)), text("v".repeat(40))]));
    const key = bytesToNibbles(keccak256(Uint8Array.of(7)));
    const change = [{ key, value: text("w") }];
    const without: NodeReader = { node: (path) => (path === key[0] ? undefined : trie.node(path)) };
    expect(() => updateTrie(without, change)).toThrow(`NODE_MISSING (path=${key[0]})`);
    const broken: NodeReader = { node: (path) => (path === key[0] ? text("?") : trie.node(path)) };
    expect(() => updateTrie(broken, change)).toThrow("NODE_MALFORMED");
  });
});

describe("updateTrie's visitor", () => {
  test("is told the earlier value of every key that changes", () => {
    fc.assert(
      fc.property(batches(variableKey), (steps) => {
        const trie = new MemoryTrie();
        const model = new Map<string, Uint8Array>();
        for (const step of steps) {
          const latest = new Map(step.map(([key, v]) => [bytesToNibbles(key), v]));
          const changes = [...latest].map(([key, v]) => ({ key, value: v })).sort((a, b) => (a.key < b.key ? -1 : 1));
          const found = new Map<string, Uint8Array | undefined>();
          updateTrie(trie, changes, { onFound: (change, earlier) => found.set(change.key, earlier) });
          expect(found).toEqual(new Map(changes.map(({ key }) => [key, model.get(key)])));
          trie.update(step);
          for (const [key, v] of latest) {
            if (v === undefined) model.delete(key);
            else model.set(key, v);
          }
        }
      }),
    );
  });
});
