import { isSameHash, portableTreeHasher } from "@koinon/merkle/tree-hasher";
import { bytesToHex } from "@koinon/secp256k1/hex";
import type { Checkpoint } from "@koinon/tlog/checkpoint";
import { decodeEntryBundle } from "@koinon/tlog/entry-bundle";
import { TILE_WIDTH, type Tile, type TileId, widthInTree } from "@koinon/tlog/tile";
import { EMPTY_EDGE, growTree } from "@koinon/tlog/tile-growth";
import { formatTilePath } from "@koinon/tlog/tile-path";
import { TlogError } from "@koinon/tlog/tlog-error";
import { LogError } from "./audit-failure.ts";
import { type LogFiles, readTile } from "./log-files.ts";

/** Entry bundles fetched ahead of the one being read. */
const readAhead = 4;

/**
 * Reads every entry of the tree that a checkpoint names, in order, and builds that tree anew. After the last entry it throws
 * LogError unless the tree has the checkpoint's root; on the way it compares the log's own tiles with the ones computed, since others
 * verify proofs with those.
 */
export async function* readLog(
  files: LogFiles,
  checkpoint: Pick<Checkpoint, "size" | "root">,
  signal: AbortSignal,
): AsyncGenerator<readonly Uint8Array[]> {
  let grown = growTree(EMPTY_EDGE, []);
  for await (const entries of readBundles(files, checkpoint.size, signal)) {
    const leafHashes = entries.map((entry) => portableTreeHasher.leaf(entry));
    grown = growTree(grown.edge, leafHashes);
    await compareTiles(
      files,
      grown.tiles.filter((tile) => isInTree(tile.id, checkpoint.size)),
      signal,
    );
    yield entries;
  }
  if (isSameHash(grown.root, checkpoint.root)) return;
  throw new LogError({ code: "ROOT_WRONG", computed: bytesToHex(grown.root), signed: bytesToHex(checkpoint.root) });
}

async function* readBundles(files: LogFiles, treeSize: bigint, signal: AbortSignal): AsyncGenerator<Uint8Array[]> {
  const pending: Promise<Uint8Array[]>[] = [];
  for (let index = 0n; ; index++) {
    const width = widthInTree(treeSize, "entries", index);
    if (width > 0) pending.push(settleLater(readBundle(files, { level: "entries", index, width }, signal)));
    if (pending.length > readAhead || width === 0) {
      const next = pending.shift();
      if (next === undefined) return;
      yield await next;
    }
  }
}

async function readBundle(files: LogFiles, id: TileId, signal: AbortSignal): Promise<Uint8Array[]> {
  const file = formatTilePath(id);
  const content = await readTile(files, id, signal);
  if (content === undefined) throw new LogError({ code: "FILE_MISSING", file });
  const entries = decodeAs(content, [id.width, TILE_WIDTH]);
  if (entries === undefined)
    throw new LogError({ code: "FILE_MALFORMED", file, reason: `not a bundle of ${id.width} entries` });
  return entries.slice(0, id.width);
}

function decodeAs(content: Uint8Array, widths: readonly number[]): Uint8Array[] | undefined {
  for (const width of widths) {
    try {
      return decodeEntryBundle(content, width);
    } catch (error) {
      if (!(error instanceof TlogError)) throw error;
    }
  }
  return undefined;
}

/** Growing by 256 entries passes through partial tiles that the finished tree does not have. */
function isInTree(id: TileId, treeSize: bigint): boolean {
  return widthInTree(treeSize, id.level, id.index) === id.width;
}

async function compareTiles(files: LogFiles, tiles: readonly Tile[], signal: AbortSignal): Promise<void> {
  for (const { id, content } of tiles) {
    const served = await readTile(files, id, signal);
    const file = formatTilePath(id);
    if (served === undefined) throw new LogError({ code: "FILE_MISSING", file });
    const same = served.length >= content.length && content.every((byte, index) => byte === served[index]);
    if (!same) throw new LogError({ code: "TILE_WRONG", file });
  }
}

/** Marks a promise as handled: one that fails while an earlier one is awaited is reported when its turn comes. */
function settleLater<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
