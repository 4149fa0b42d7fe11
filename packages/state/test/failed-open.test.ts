import { mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { Database } from "../src/database.ts";
import { metaKeys, stateFormat, tables } from "../src/layout.ts";
import { StateStore } from "../src/state-store.ts";
import { WriteBatch } from "../src/write-batch.ts";
import { numberedBlock } from "./fixtures/numbered-blocks.ts";
import { changesOf } from "./fixtures/state-model.ts";

/** Files of the folder that this process has open, as Linux tells. */
function openFiles(folder: string): string[] {
  return readdirSync("/proc/self/fd").flatMap((descriptor) => {
    try {
      const file = readlinkSync(`/proc/self/fd/${descriptor}`);
      return file.startsWith(folder) ? [file] : [];
    } catch {
      // Closed since it was listed.
      return [];
    }
  });
}

async function filesLeft(folder: string): Promise<string[]> {
  for (const deadline = AbortSignal.timeout(10_000); !deadline.aborted && openFiles(folder).length > 0; await delay(5));
  return openFiles(folder);
}

// Elsewhere nothing tells which files are open.
const onLinux = process.platform === "linux" ? describe : describe.skip;

onLinux("a store that can not be opened", () => {
  let folder = "";
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "koinon-state-open-"));
    const store = new StateStore({ path: folder });
    await store.commit(store.prepare(undefined, changesOf({})), numberedBlock(0n));
    expect(openFiles(folder)).not.toEqual([]);
    await store.close();
    expect(await filesLeft(folder)).toEqual([]);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  async function overwrite(table: string, key: Uint8Array, value: Uint8Array): Promise<void> {
    const database = new Database(folder, Object.values(tables));
    const batch = new WriteBatch();
    batch.put(table, key, value);
    await database.write(batch);
    await database.close();
  }

  test("leaves nothing open: an archive or none", async () => {
    expect(() => new StateStore({ path: folder, archive: true })).toThrow("ARCHIVE_MISMATCH");
    expect(await filesLeft(folder)).toEqual([]);
    await new StateStore({ path: folder }).close();
  });

  test("leaves nothing open: the layout of another release", async () => {
    await overwrite(tables.meta, metaKeys.format, Uint8Array.of(stateFormat + 1, 0));
    for (const readOnly of [false, true]) {
      expect(() => new StateStore({ path: folder, readOnly })).toThrow("STATE_FORMAT_UNSUPPORTED");
      expect(await filesLeft(folder)).toEqual([]);
    }
  });

  test("leaves nothing open: a head that is damaged", async () => {
    await overwrite(tables.meta, metaKeys.head, Uint8Array.of(1, 2, 3));
    expect(() => new StateStore({ path: folder })).toThrow();
    expect(await filesLeft(folder)).toEqual([]);
  });
});
