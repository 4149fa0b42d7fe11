import { bytesToNibbles, type Nibbles } from "./nibbles.ts";
import { emptyRoot, type NodeReader } from "./node-reader.ts";
import { prove } from "./proof.ts";
import { updateTrie } from "./update.ts";

/** A trie whose nodes live in memory; for tries that are built, asked and thrown away. */
export class MemoryTrie implements NodeReader {
  readonly #nodes = new Map<Nibbles, Uint8Array>();
  #root: Uint8Array = emptyRoot;

  /** The root as of the last update. */
  get root(): Uint8Array {
    return this.#root;
  }

  /** The stored nodes by path. */
  get nodes(): ReadonlyMap<Nibbles, Uint8Array> {
    return this.#nodes;
  }

  node(path: Nibbles): Uint8Array | undefined {
    return this.#nodes.get(path);
  }

  /** Sets keys to values, or removes those whose value is undefined or empty, and answers the new root; a later entry of one key wins. */
  update(entries: Iterable<readonly [key: Uint8Array, value: Uint8Array | undefined]>): Uint8Array {
    const latest = new Map<Nibbles, Uint8Array | undefined>();
    for (const [key, value] of entries) latest.set(bytesToNibbles(key), value);
    const changes = Array.from(latest, ([key, value]) => ({ key, value }));
    changes.sort((a, b) => (a.key < b.key ? -1 : 1));
    const { root, nodes } = updateTrie(this, changes);
    for (const [path, { after }] of nodes) {
      if (after === undefined) this.#nodes.delete(path);
      else this.#nodes.set(path, after);
    }
    this.#root = root;
    return root;
  }

  /** The proof of a key's value or absence; see `prove`. */
  prove(key: Uint8Array): Uint8Array[] {
    return prove(this, key);
  }
}
