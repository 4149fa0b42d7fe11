import { describe, expect, test } from "@jest/globals";
import { keccak256 } from "@koinon/secp256k1/keccak";
import fc from "fast-check";
import { MemoryTrie } from "./memory-trie.ts";
import { bytesToNibbles, type Nibbles } from "./nibbles.ts";
import { decodeNode, encodeNode } from "./node.ts";
import type { NodeReader } from "./node-reader.ts";
import { prove } from "./proof.ts";
import { type TrieChange, type TrieUpdate, updateTrie } from "./update.ts";

const text = (value: string) => new TextEncoder().encode(value);
/** Begins as no node does. */
const entryOf = (key: Nibbles) => text(`leaf ${key}`);
const prefixLength = "leaf ".length;
const isEntry = (bytes: Uint8Array) => (bytes[0] as number) < 0xc0;

/** Values by key, and a trie over them that has entries in the place of leaves. */
class Store implements NodeReader {
  readonly values = new Map<Nibbles, Uint8Array>();
  readonly nodes = new Map<Nibbles, Uint8Array>();
  root: Uint8Array | undefined;
  /** Paths at which a leaf was put together. */
  readonly leavesRead: Nibbles[] = [];

  node(path: Nibbles): Uint8Array | undefined {
    const bytes = this.nodes.get(path);
    if (bytes === undefined || !isEntry(bytes)) return bytes;
    this.leavesRead.push(path);
    const key = new TextDecoder().decode(bytes.subarray(prefixLength));
    const value = this.values.get(key);
    return value && encodeNode({ kind: "leaf", key: key.slice(path.length), value });
  }

  prepare(step: ReadonlyMap<Nibbles, Uint8Array | undefined>): TrieUpdate {
    const changes: TrieChange[] = [...step].map(([key, value]) => ({ key, value, earlier: this.values.get(key) }));
    changes.sort((a, b) => (a.key < b.key ? -1 : 1));
    const options = this.root === undefined ? {} : { root: this.root };
    return updateTrie(this, changes, {
      ...options,
      leafEntry: entryOf,
      onFound: (change, found) => expect(found).toEqual(change.earlier),
    });
  }

  apply(step: ReadonlyMap<Nibbles, Uint8Array | undefined>, { root, nodes }: TrieUpdate): void {
    for (const [key, value] of step) setOrDelete(this.values, key, value);
    for (const [path, { before, after }] of nodes) {
      expect({ path, before }).toEqual({ path, before: this.nodes.get(path) });
      setOrDelete(this.nodes, path, after);
    }
    this.root = root;
  }
}

function setOrDelete(map: Map<Nibbles, Uint8Array>, key: Nibbles, value: Uint8Array | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}

const keyBytes = fc
  .array(fc.constantFrom(0x00, 0x01, 0x10, 0x11, 0x2f, 0xf1), { minLength: 4, maxLength: 4 })
  .map((bytes) => Uint8Array.from(bytes));
const value = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 4 }),
  fc.uint8Array({ minLength: 30, maxLength: 70 }),
  fc.constant(undefined),
);
const steps = fc.array(fc.array(fc.tuple(keyBytes, value), { maxLength: 12 }), { minLength: 1, maxLength: 8 });

describe("a trie whose leaves lie elsewhere", () => {
  test("has the roots and proofs of one that has them, and an entry wherever that one has a leaf", () => {
    fc.assert(
      fc.property(steps, fc.array(keyBytes, { maxLength: 5 }), (list, others) => {
        const store = new Store();
        const whole = new MemoryTrie();
        for (const step of list) {
          const changes = new Map(step.map(([key, bytes]) => [bytesToNibbles(key), bytes]));
          store.apply(changes, store.prepare(changes));
          expect(store.root).toEqual(whole.update(step));
          const expected = [...whole.nodes].map(([path, bytes]): [Nibbles, Uint8Array] => {
            const node = decodeNode(bytes);
            return [path, node?.kind === "leaf" ? entryOf(path + node.key) : bytes];
          });
          expect(new Map(store.nodes)).toEqual(new Map(expected));
          for (const key of [...others, ...step.map(([changed]) => changed)])
            expect(prove(store, key)).toEqual(whole.prove(key));
        }
      }),
      { numRuns: 100 },
    );
  });

  const keyOf = (index: number) => bytesToNibbles(keccak256(Uint8Array.of(index)));
  const filled = (): Store => {
    const store = new Store();
    const step = new Map(Array.from({ length: 40 }, (_, index) => [keyOf(index), text(`value ${index}`.repeat(5))]));
    store.apply(step, store.prepare(step));
    return store;
  };

  test("reads no leaf whose value is known, and changes none when only the value changes", () => {
    const store = filled();
    // Deeper than the root, which may be full.
    const deep = [...store.nodes].filter(([path, bytes]) => path.length > 1 && isEntry(bytes));
    const [leafPath, entry] = deep[0] as [Nibbles, Uint8Array];
    const key = new TextDecoder().decode(entry.subarray(prefixLength));
    store.leavesRead.length = 0;
    const { nodes } = store.prepare(new Map([[key, text("another")]]));
    expect(store.leavesRead).toEqual([]);
    expect(nodes.has(leafPath)).toBe(false);
    expect(nodes.size).toBe(leafPath.length);
  });

  test("tells when a value is not the one that the trie was made of", () => {
    for (let index = 0; index < 40; index++) {
      const store = filled();
      store.values.set(keyOf(index), text("damaged, and long enough to be no embedded leaf"));
      const change = new Map([[keyOf(index), text("new")]]);
      expect(() => store.prepare(change)).toThrow("NODE_HASH_WRONG");
      store.values.delete(keyOf(index));
      expect(() => store.prepare(change)).toThrow("NODE_MISSING");
    }
    const single = new Store();
    const step = new Map([[keyOf(1), text("the only one")]]);
    single.apply(step, single.prepare(step));
    single.values.set(keyOf(1), text("damaged"));
    expect(() => single.prepare(new Map([[keyOf(2), text("new")]]))).toThrow("NODE_HASH_WRONG");
  });
});
