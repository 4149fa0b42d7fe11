import { mkdir, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { readStaticFiles } from "./static-files.ts";

let folder: { path: string; remove(): Promise<void> };
const write = async (name: string, content: string | Buffer) => {
  await mkdir(path.dirname(path.join(folder.path, name)), { recursive: true });
  await writeFile(path.join(folder.path, name), content);
};

beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

describe("static files", () => {
  test("are known by their URL path, with type, tag and compressed forms", async () => {
    await write("index.html", "page");
    await write("assets/app-a1B2c3_-.js", "code");
    await write("assets/app-a1B2c3_-.js.gz", "zipped");
    await write("assets/plain.js", "code");
    const files = await readStaticFiles(folder.path);
    expect([...files.keys()].sort()).toEqual(["/assets/app-a1B2c3_-.js", "/assets/plain.js", "/index.html"]);
    const hashed = files.get("/assets/app-a1B2c3_-.js");
    expect(hashed).toMatchObject({ immutable: true, contentType: "text/javascript; charset=utf-8", br: undefined });
    expect(hashed?.gzip?.toString()).toBe("zipped");
    expect(files.get("/assets/plain.js")).toMatchObject({ immutable: false, etag: hashed?.etag });
    expect(files.get("/index.html")).toMatchObject({ immutable: false });
  });

  test("leave out what is hidden, linked or of an unknown type", async () => {
    await write("index.html", "page");
    await write(".git/config.json", "{}");
    await write("assets/.hidden.js", "x");
    await write("notes.docx", "x");
    await symlink("/etc/passwd", path.join(folder.path, "passwd.txt"));
    expect([...(await readStaticFiles(folder.path)).keys()]).toEqual(["/index.html"]);
  });

  test("need a page, and are bounded", async () => {
    await expect(readStaticFiles(folder.path)).rejects.toThrow("index.html");
    await write("index.html", "page");
    await write("big.txt", Buffer.alloc(64 * 1024 * 1024));
    await expect(readStaticFiles(folder.path)).rejects.toThrow("more than is served");
  });
});
