import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { lockFolder } from "./folder-lock.ts";

describe("folder lock", () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "koinon-lock-"));
    file = path.join(folder, "owner");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test("is held by one living process and names it", async () => {
    const lock = await lockFolder(folder);
    await expect(lockFolder(folder)).rejects.toThrow(`DATA_FOLDER_IN_USE (folder=${folder}, pid=${process.pid})`);
    await lock.release();
    expect(readdirSync(folder)).toEqual([]);
    await (await lockFolder(folder)).release();
  });

  test("goes to one of many who ask at once, also when a stale one is in the way", async () => {
    writeFileSync(file, "999999999 1\n");
    const asked = await Promise.allSettled(Array.from({ length: 20 }, () => lockFolder(folder)));
    expect(asked.filter(({ status }) => status === "fulfilled").length).toBe(1);
    expect(readdirSync(folder)).toEqual(["owner"]);
  });

  test.each([
    // Process ids are below 2^22 on Linux.
    ["a process that is gone", "999999999 1\n"],
    ["an earlier process with the id of a living one", `${process.pid} 1\n`],
    ["a file that was cut short", ""],
  ])("is taken over from %s", async (_owner, content) => {
    writeFileSync(file, content);
    await (await lockFolder(folder)).release();
  });
});
