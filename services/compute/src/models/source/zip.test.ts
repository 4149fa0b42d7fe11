import { writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { writeZip } from "../../../test/fixtures/zip-writer.ts";
import { openZip, readZipDirectory, readZipEntry } from "./zip.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

const files = {
  "a/one.txt": Buffer.from("one ".repeat(5_000)),
  "empty.txt": Buffer.alloc(0),
  "two.bin": Buffer.from([0, 1, 2]),
};

async function unpack(archive: Buffer): Promise<Record<string, Buffer>> {
  const file = path.join(folder.path, "x.zip");
  await writeFile(file, archive);
  await using zip = await openZip(file);
  const unpacked: Record<string, Buffer> = {};
  for (const entry of await readZipDirectory(zip)) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of readZipEntry(zip, entry)) chunks.push(chunk);
    unpacked[entry.name] = Buffer.concat(chunks);
  }
  return unpacked;
}

test("packed and stored entries come out as they went in", async () => {
  expect(await unpack(writeZip(files, "stored"))).toEqual(files);
  expect(await unpack(writeZip(files, "deflated"))).toEqual(files);
});

test("an archive that is damaged, cut or lies about its sizes is refused", async () => {
  const stored = writeZip(files, "stored");
  const deflated = writeZip(files, "deflated");
  const changed = (archive: Buffer, change: (copy: Buffer) => void) => {
    const copy = Buffer.from(archive);
    change(copy);
    return copy;
  };
  const entryAt = (archive: Buffer) => archive.readUInt32LE(archive.length - 22 + 16);
  const cases: [string, Buffer][] = [
    ["no end", stored.subarray(0, stored.length - 23)],
    ["content", changed(stored, (copy) => copy.write("X", 60))],
    ["packed content", changed(deflated, (copy) => copy.writeUInt32LE(0xffffffff, 45))],
    ["signature", changed(stored, (copy) => copy.writeUInt8(0, entryAt(copy)))],
    ["size", changed(deflated, (copy) => copy.writeUInt32LE(10, entryAt(copy) + 24))],
    ["crc", changed(deflated, (copy) => copy.writeUInt32LE(1, entryAt(copy) + 16))],
    ["encrypted", changed(stored, (copy) => copy.writeUInt16LE(1, entryAt(copy) + 8))],
    ["method", changed(stored, (copy) => copy.writeUInt16LE(12, entryAt(copy) + 10))],
    ["zip64", changed(stored, (copy) => copy.writeUInt32LE(0xffffffff, entryAt(copy) + 20))],
    ["local header", changed(stored, (copy) => copy.writeUInt32LE(7, entryAt(copy) + 42))],
  ];
  for (const [what, archive] of cases) {
    const refused = await unpack(archive).then(
      () => "unpacked",
      (error: unknown) => error,
    );
    expect([what, refused]).toMatchObject([what, { code: "ARCHIVE_INVALID" }]);
  }
});
