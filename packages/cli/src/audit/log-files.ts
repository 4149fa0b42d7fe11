import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { ApiError } from "@koinon/sdk/fault";
import type { LogClient } from "@koinon/sdk/log-client";
import { TILE_WIDTH, type TileId } from "@koinon/tlog/tile";
import { formatTilePath } from "@koinon/tlog/tile-path";
import { InputError } from "../command.ts";
import { reasonOf, writingReason } from "../connection/files.ts";

/** A log's files, unverified (C2SP tlog-tiles). */
export interface LogFiles {
  checkpoint(signal: AbortSignal): Promise<string>;
  /** A tile or entry bundle by its path; undefined when the log has no such file. */
  read(file: string, signal: AbortSignal): Promise<Uint8Array | undefined>;
}

/** The files as a gateway serves them. */
export function createHttpLogFiles(log: LogClient): LogFiles {
  return {
    checkpoint: (signal) => log.checkpoint({ signal }),
    async read(file, signal) {
      try {
        return await log.tile(file, { signal });
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    },
  };
}

/** The files in a folder, as `--save` leaves them. */
export function createFolderLogFiles(folder: string): LogFiles {
  const load = async (file: string): Promise<Uint8Array | undefined> => {
    try {
      return await readFile(path.join(folder, file));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw new InputError(`can not read ${path.join(folder, file)}: ${reasonOf(error)}`, { cause: error });
    }
  };
  return {
    async checkpoint() {
      const note = await load("checkpoint");
      if (note === undefined) throw new InputError(`there is no log in ${folder}: the file 'checkpoint' is missing`);
      return new TextDecoder().decode(note);
    },
    read: load,
  };
}

/** Keeps a copy of everything that is read. */
export function createSavingLogFiles(source: LogFiles, folder: string): LogFiles {
  const save = async (file: string, content: string | Uint8Array): Promise<void> => {
    const target = path.join(folder, file);
    try {
      await mkdir(path.dirname(target), { recursive: true });
      await writeFile(target, content);
    } catch (cause) {
      throw new InputError(`can not keep a copy in ${folder}: ${writingReason(cause)}`, { cause });
    }
  };
  return {
    async checkpoint(signal) {
      const note = await source.checkpoint(signal);
      await save("checkpoint", note);
      return note;
    },
    async read(file, signal) {
      const content = await source.read(file, signal);
      if (content !== undefined) await save(file, content);
      return content;
    },
  };
}

/**
 * A tile as a tree of some size has it. A log may drop a partial tile once the full one exists (tlog-tiles, Partial Tiles), so the
 * full one is asked for next; what is answered may then be longer than the width. Undefined when there is neither.
 */
export async function readTile(files: LogFiles, id: TileId, signal: AbortSignal): Promise<Uint8Array | undefined> {
  const content = await files.read(formatTilePath(id), signal);
  if (content !== undefined || id.width === TILE_WIDTH) return content;
  return files.read(formatTilePath({ ...id, width: TILE_WIDTH }), signal);
}

function isNotFound(error: unknown): boolean {
  return error instanceof ApiError && error.fault.code === "REFUSED" && error.fault.status === 404;
}
