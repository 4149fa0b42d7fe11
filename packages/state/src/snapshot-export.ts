import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { emptyCodeHash } from "@koinon/ethereum/account";
import type { Hex } from "@koinon/secp256k1/hex";
import { hexToBytes } from "@koinon/secp256k1/hex";
import { decodeAccountRecord, emptyStorageRoot } from "./account-record.ts";
import type { DatabaseView } from "./database-view.ts";
import { metaKeys, tables, userTablePrefix } from "./layout.ts";
import { encodeFrames, type SnapshotRecord } from "./snapshot-frames.ts";
import { StateError } from "./state-error.ts";
import { accountRange, isAccountKey, isSlotKey, keyFromBytes, slotRange } from "./state-key.ts";

/**
 * The state after the head of a view as a stream: accounts, storage, code and the named tables; no trie nodes, which follow
 * from the rest, and no history. The view is released at the end.
 */
export async function* exportSnapshot(view: DatabaseView, userTables: readonly string[]): AsyncGenerator<Uint8Array> {
  try {
    yield* encodeFrames(snapshotRecords(view, userTables));
  } finally {
    view.release();
  }
}

function* snapshotRecords(view: DatabaseView, userTables: readonly string[]): Generator<SnapshotRecord> {
  const none = new Uint8Array(0);
  const head = view.get(tables.meta, metaKeys.head);
  if (head === undefined) throw new StateError({ code: "SNAPSHOT_INVALID", reason: "the store is empty" });
  yield { kind: "block", key: none, value: head };
  const codeSeen = new Set<Hex>([emptyCodeHash]);
  for (const { key, value } of view.range(tables.state, accountRange)) {
    const address = keyFromBytes(key);
    if (!isAccountKey(address)) continue;
    const { codeHash, storageRoot } = decodeAccountRecord(value);
    if (!codeSeen.has(codeHash)) {
      codeSeen.add(codeHash);
      const code = view.get(tables.code, hexToBytes(codeHash));
      if (code === undefined) throw new StateError({ code: "CODE_MISSING", codeHash });
      yield { kind: "code", key: hexToBytes(codeHash), value: code };
    }
    yield { kind: "account", key: hexToBytes(address), value };
    if (storageRoot === emptyStorageRoot) continue;
    for (const slot of view.range(tables.state, slotRange(address))) {
      const name = keyFromBytes(slot.key);
      if (isSlotKey(name)) yield { kind: "slot", key: hexToBytes(`0x${name.slice(-64)}`), value: slot.value };
    }
  }
  for (const table of userTables) {
    const name = new TextEncoder().encode(table);
    for (const { key, value } of view.range(userTablePrefix + table)) {
      yield { kind: "entry", key: Buffer.concat([Uint8Array.of(name.length), name, key]), value };
    }
  }
}

/** Writes a stream to a file that is there in whole or not at all, and on disk when this resolves. */
export async function writeFileAtomically(path: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const unfinished = `${path}.unfinished`;
  try {
    const file = await open(unfinished, "w");
    try {
      for await (const chunk of chunks) await file.write(chunk);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(unfinished, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}

/** Makes a rename within a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
