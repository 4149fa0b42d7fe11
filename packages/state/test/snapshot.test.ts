import { createReadStream, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { writeFileAtomically } from "../src/snapshot-export.ts";
import { importSnapshot } from "../src/snapshot-import.ts";
import { StateStore } from "../src/state-store.ts";
import { bodies, bodyKey, numberedBlock, numberedBody } from "./fixtures/numbered-blocks.ts";
import { createDice, randomChanges } from "./fixtures/random-changes.ts";
import { StateModel } from "./fixtures/state-model.ts";

async function* piecesOf(bytes: Uint8Array, sizeBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += sizeBytes) yield bytes.subarray(at, at + sizeBytes);
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

describe("snapshots", () => {
  let folder = "";
  let store: StateStore;
  const model = new StateModel();
  const dice = createDice(11);
  const path = (name: string) => join(folder, name);

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "koinon-state-snapshot-"));
    store = new StateStore({ path: path("store"), tables: [bodies, "other"] });
    for (let number = 0n; number < 12n; number++) await grow(number);
  });
  afterEach(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
    model.accounts.clear();
    model.storage.clear();
  });

  async function grow(number: bigint): Promise<void> {
    const changes = randomChanges(model, dice, { accounts: 200, touched: 60 });
    model.apply(changes);
    await store.commit(store.prepare(store.head?.hash, changes), numberedBlock(number), {
      write: (tables) => tables.put(bodies, bodyKey(number), numberedBody(number)),
    });
  }

  test("carry the state as it was when they were begun into a store that goes on from there", async () => {
    const head = store.head;
    const before = store.verify();
    const chunks = store.exportSnapshot([bodies]);
    const first = (await chunks.next()).value as Uint8Array;
    await grow(12n);
    const rest = await collect(chunks);
    await writeFileAtomically(path("file"), piecesOf(Buffer.concat([first, rest]), 1000));
    const imported = await importSnapshot({ path: path("copy"), tables: [bodies] }, createReadStream(path("file")));
    expect(imported).toEqual(head);
    const copy = new StateStore({ path: path("copy"), tables: [bodies] });
    expect(copy.head).toEqual(head);
    expect(copy.verify()).toEqual(before);
    expect(copy.table(bodies).get(bodyKey(11n))).toEqual(numberedBody(11n));
    expect(copy.table(bodies).get(bodyKey(12n))).toBeUndefined();
    const changes = randomChanges(model, dice);
    const next = copy.prepare(head?.hash, changes);
    expect(next.root).toBe(store.prepare(head?.hash, changes).root);
    await copy.commit(next, numberedBlock(12n));
    await copy.close();
    expect(readdirSync(folder).sort()).toEqual(["copy", "file", "store"]);
  });

  test("that are cut, changed or continued are refused, and leave nothing behind", async () => {
    const good = await collect(store.exportSnapshot([bodies]));
    const broken: [string, Uint8Array][] = [
      ["empty", new Uint8Array(0)],
      ["continued", Buffer.concat([good, good])],
    ];
    for (let round = 0; round < 12; round++) {
      broken.push([`cut ${round}`, good.subarray(0, dice(good.length))]);
      const changed = Uint8Array.from(good);
      const at = dice(good.length);
      changed[at] = (changed[at] as number) ^ (1 << dice(8));
      broken.push([`changed at ${at}`, changed]);
    }
    for (const [name, bytes] of broken) {
      const attempt = importSnapshot({ path: path("copy"), tables: [bodies] }, piecesOf(bytes, 5000));
      const fault = await attempt.then(
        () => "none",
        (error) => error.code,
      );
      expect({ name, fault }).toEqual({ name, fault: "SNAPSHOT_INVALID" });
    }
    const without = importSnapshot({ path: path("copy") }, piecesOf(good, 5000));
    await expect(without).rejects.toMatchObject({ fault: { code: "SNAPSHOT_INVALID" } });
    const aborted = importSnapshot({ path: path("copy"), signal: AbortSignal.abort() }, piecesOf(good, 5000));
    await expect(aborted).rejects.toMatchObject({ name: "AbortError" });
    expect(readdirSync(folder)).toEqual(["store"]);
  });

  test("do not replace a store", async () => {
    const chunks = store.exportSnapshot();
    await expect(importSnapshot({ path: path("store") }, chunks)).rejects.toMatchObject({
      fault: { code: "STATE_NOT_EMPTY" },
    });
    await chunks.return(undefined);
  });

  test("leave no file when the stream breaks off", async () => {
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(10);
      throw new Error("gone");
    }
    await expect(writeFileAtomically(path("file"), failing())).rejects.toThrow("gone");
    expect(readdirSync(folder)).toEqual(["store"]);
  });
});
