import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { lockFolder } from "./folder-lock.ts";

describe("folder lock", () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "koinon-lock-"));
    file = path.join(folder, "lock");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test("is held by one living process and names it", () => {
    const lock = lockFolder(file, folder);
    expect(() => lockFolder(file, folder)).toThrow(`DATA_FOLDER_IN_USE (folder=${folder}, pid=${process.pid})`);
    lock.release();
    expect(existsSync(file)).toBe(false);
    lockFolder(file, folder).release();
  });

  test("is taken over from a process that is gone", () => {
    // Process ids are below 2^22 on Linux.
    writeFileSync(file, "999999999 1\n");
    expect(() => lockFolder(file, folder).release()).not.toThrow();
  });

  test("is taken over when the process id belongs to a later process", () => {
    writeFileSync(file, `${process.pid} 1\n`);
    expect(() => lockFolder(file, folder).release()).not.toThrow();
  });

  test("is taken over from a file that was cut short", () => {
    writeFileSync(file, "");
    expect(() => lockFolder(file, folder).release()).not.toThrow();
  });
});
