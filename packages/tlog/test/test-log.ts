import { portableTreeHasher as hasher } from "@koinon/merkle/tree-hasher";
import type { Ed25519 } from "../src/ed25519.ts";
import { createSignerKey, type SignerKey } from "../src/note-key.ts";
import type { Tile } from "../src/tile.ts";
import { EMPTY_EDGE, growTree, rootOfEdge, type TreeEdge } from "../src/tile-growth.ts";
import { formatTilePath } from "../src/tile-path.ts";
import type { TileSource } from "../src/tile-reader.ts";

/** A log in memory, grown through growTree in steps of the given sizes. */
export class TestLog {
  readonly tiles = new Map<string, Uint8Array>();
  readonly leaves: Uint8Array[] = [];
  edge: TreeEdge = EMPTY_EDGE;

  constructor(...steps: number[]) {
    for (const step of steps) this.grow(step);
  }

  get root(): Uint8Array {
    return rootOfEdge(this.edge);
  }

  get size(): bigint {
    return this.edge.size;
  }

  get source(): TileSource {
    return {
      readTiles: async (ids) =>
        ids.map((id) => {
          const content = this.tiles.get(formatTilePath(id));
          if (content === undefined) throw new Error(`no tile ${formatTilePath(id)}`);
          return content;
        }),
    };
  }

  grow(step: number): readonly Tile[] {
    const leaves = Array.from({ length: step }, (_, i) => testLeaf(this.leaves.length + i));
    const grown = growTree(this.edge, leaves);
    for (const { id, content } of grown.tiles) this.tiles.set(formatTilePath(id), content);
    this.leaves.push(...leaves);
    this.edge = grown.edge;
    return grown.tiles;
  }
}

/** The leaf hash of test entry number i. */
export function testLeaf(i: number): Uint8Array {
  return hasher.leaf(testEntry(i));
}

/** Test entry number i. */
export function testEntry(i: number): Uint8Array {
  return new TextEncoder().encode(`entry ${i}`);
}

/** A key from a one-byte seed; never for anything but tests. */
export function testKey(name: string, type: SignerKey["type"], seed: number, ed25519?: Ed25519): SignerKey {
  return createSignerKey(name, type, new Uint8Array(32).fill(seed), ed25519);
}
