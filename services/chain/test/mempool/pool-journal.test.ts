import { mkdir, readFile, stat, truncate, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Hex } from "@koinon/secp256k1/hex";
import { startChild } from "@koinon/testkit/child-process";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { waitFor } from "@koinon/testkit/wait-for";
import { encodeRecords, RecordReader } from "../../src/mempool/journal/journal-records.ts";
import { PoolJournal } from "../../src/mempool/journal/pool-journal.ts";
import { type ChainFixture, startChainFixture } from "../chain/chain-fixture.ts";
import { Wallets } from "../chain/workload.ts";

const main = new URL("../crash/submitting-chain-main.ts", import.meta.url).pathname;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let fixture: ChainFixture | undefined;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(async () => {
  await fixture?.close();
  fixture = undefined;
  await folder.remove();
});

const open = async (): Promise<ChainFixture> => {
  fixture = await startChainFixture({ path: folder.path, change: (options) => ({ ...options, journalsPool: true }) });
  return fixture;
};
const reopen = async (): Promise<ChainFixture> => {
  await fixture?.close();
  return open();
};
const journal = () => path.join(folder.path, "pool.journal");
const hashes = ({ chain }: ChainFixture): Hex[] =>
  [...chain.view.mempool.senders()].flatMap((queue) =>
    [...queue.pendingEntries(), ...queue.queuedEntries()].map(({ hash }) => hash),
  );

describe("what waits", () => {
  test("waits again after a restart, in its place; what is in a block does not", async () => {
    const first = await open();
    await first.submit({}, 0);
    await first.propose();
    const wallets = new Wallets();
    wallets.skip(0);
    const raws = [wallets.sign(0, { value: 1n }), wallets.sign(0, { value: 2n }), wallets.sign(1, { value: 3n })];
    // A gap: it is queued.
    wallets.skip(2);
    raws.push(wallets.sign(2, { value: 4n }));
    await first.submitRaw(raws);
    const [status, waiting] = [first.chain.view.mempool.status(), hashes(first)];
    expect(status).toMatchObject({ pending: 3, queued: 1 });
    const second = await reopen();
    expect([second.chain.view.mempool.status(), hashes(second)]).toEqual([status, waiting]);
    const { number } = await second.propose();
    expect(second.chain.view.reader.block(number)?.transactionCount).toBe(3);
    expect((await reopen()).chain.view.mempool.status()).toMatchObject({ pending: 0, queued: 1 });
  });

  test("is not kept where that is switched off", async () => {
    fixture = await startChainFixture({ path: folder.path });
    await fixture.submit({}, 0);
    await expect(stat(journal())).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("survives kill -9, as far as senders were answered", async () => {
    const told: string[] = [];
    for (let round = 0; round < 4; round++) {
      const child = await startChild({
        command: process.execPath,
        args: ["--no-warnings", main, folder.path],
        ready: /^taken /,
        deadlineMs: 20_000,
      });
      await waitFor(() => child.stdoutLines.length > 20 * (round + 1), { what: "some were taken" });
      await child.kill();
      told.push(...child.stdoutLines.flatMap((line) => /^taken (0x\w{64})$/.exec(line)?.[1] ?? []));
    }
    const waiting = new Set<string>(hashes(await open()));
    expect(told.length).toBeGreaterThan(100);
    expect(told.filter((hash) => !waiting.has(hash))).toEqual([]);
  });

  test.each([
    ["cut off in a record", async (file: string, size: number) => truncate(file, size - 3)],
    [
      "changed in the middle",
      async (file: string, size: number) => {
        const bytes = await readFile(file);
        bytes[Math.floor(size * 0.7)] = (bytes[Math.floor(size * 0.7)] ?? 0) ^ 1;
        await writeFile(file, bytes);
      },
    ],
    ["followed by noise", async (file: string) => writeFile(file, Buffer.alloc(5_000, 0xff), { flag: "a" })],
  ])("is kept up to the damage when the file is %s", async (what, damage) => {
    const before = await open();
    const wallets = new Wallets();
    await before.submitRaw(Array.from({ length: 20 }, () => wallets.sign(0, {})));
    const waiting = hashes(before);
    await before.close();
    await damage(journal(), (await stat(journal())).size);
    const kept = hashes(await open());
    expect(kept).toEqual(waiting.slice(0, kept.length));
    const whole = what === "followed by noise" ? 20 : what === "changed in the middle" ? 14 : 19;
    expect([kept.length >= whole - 2, kept.length <= whole]).toEqual([true, true]);
    // The file is whole again: what comes now is kept behind it.
    await fixture?.submit({}, 1);
    expect(hashes(await reopen())).toHaveLength(kept.length + 1);
  });

  test("is not taken back from a file that can not be read, and the chain starts", async () => {
    await mkdir(journal());
    const failures: unknown[] = [];
    const broken = new PoolJournal(
      { path: journal(), transactionBytesMax: 1_000, slackBytes: 0 },
      {
        mempool: { senders: () => [], status: () => ({ pending: 0, queued: 0, bytes: 0 }) },
        onFailure: (error) => failures.push(error),
      },
    );
    await expect(broken.restore(async () => undefined)).rejects.toMatchObject({ code: "EISDIR" });
    await broken.append([Uint8Array.of(1)]);
    expect(failures).toEqual([]);
  });
});

describe("the journal", () => {
  test("is written anew when most of it is of no use, so its size is bounded", async () => {
    const slackBytes = 10_000;
    const pool = { senders: () => [], status: () => ({ pending: 0, queued: 0, bytes: 0 }) };
    const file = new PoolJournal(
      { path: journal(), transactionBytesMax: 1_000, slackBytes },
      { mempool: pool, onFailure: (error) => expect(error).toBeUndefined() },
    );
    await file.restore(async () => undefined);
    for (let round = 0; round < 200; round++) {
      await file.append([new Uint8Array(500).fill(round)]);
      expect((await stat(journal())).size).toBeLessThan(slackBytes + 2 * 508);
    }
    await file.close();
  });

  test("reads records however they are cut into pieces", () => {
    const raws = [1, 7, 300].map((length) => new Uint8Array(length).fill(length));
    const bytes = encodeRecords(raws);
    for (let size = 1; size <= bytes.length; size++) {
      const reader = new RecordReader(300);
      const found: Uint8Array[] = [];
      for (let at = 0; at < bytes.length; at += size) found.push(...reader.read(bytes.subarray(at, at + size)));
      expect([size, reader.isDamaged, found.map((raw) => raw.length)]).toEqual([size, false, [1, 7, 300]]);
    }
    const reader = new RecordReader(299);
    expect([reader.read(bytes).length, reader.isDamaged]).toEqual([2, true]);
  });
});
