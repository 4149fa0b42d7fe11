import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { readOrCreatePrivateFile, readTextIfThere, writePrivateFile, writePublicFile } from "./private-file.ts";

describe("private files", () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "koinon-private-"));
    file = path.join(folder, "secret");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test("are read by their owner alone, replaced whole, and leave no draft", () => {
    writePrivateFile(file, "x".repeat(100_000));
    writePrivateFile(file, Uint8Array.of(0, 255));
    expect(readFileSync(file)).toEqual(Buffer.from([0, 255]));
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(["secret"]);
    writePublicFile(path.join(folder, "public"), "");
    expect(statSync(path.join(folder, "public")).mode & 0o444).toBe(0o444);
  });

  test("are made once", () => {
    expect(readTextIfThere(file)).toBeUndefined();
    expect(readOrCreatePrivateFile(file, () => "first")).toBe("first");
    expect(readOrCreatePrivateFile(file, () => "second")).toBe("first");
    expect(readTextIfThere(file)).toBe("first");
  });

  test("that can not be read are a failure, not absent", () => {
    expect(() => readTextIfThere(folder)).toThrow("EISDIR");
    expect(() => readOrCreatePrivateFile(path.join(folder, "no", "where"), () => "x")).toThrow("ENOENT");
  });
});
