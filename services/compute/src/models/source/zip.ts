import { type FileHandle, open } from "node:fs/promises";
import { Readable, type Transform } from "node:stream";
import { crc32, createInflateRaw } from "node:zlib";
import { ModelError } from "../errors.ts";

/** One file of a ZIP archive. */
export interface ZipEntry {
  readonly name: string;
  readonly sizeBytes: number;
  readonly packedBytes: number;
  readonly method: "stored" | "deflated";
  readonly crc: number;
  readonly headerOffset: number;
}

const endSignature = 0x06054b50;
const entrySignature = 0x02014b50;
const localSignature = 0x04034b50;
const endBytes = 22;
const commentBytesMax = 65_535;
const entriesMax = 10_000;
const encryptedFlag = 1;

/** Reads the central directory of a ZIP file. ZIP64 and encryption are refused: wheels of this size need neither. */
export async function readZipDirectory(file: FileHandle): Promise<ZipEntry[]> {
  const { size } = await file.stat();
  const tail = await readAt(
    file,
    Math.max(0, size - endBytes - commentBytesMax),
    Math.min(size, endBytes + commentBytesMax),
  );
  let end = tail.length - endBytes;
  while (end >= 0 && tail.readUInt32LE(end) !== endSignature) end--;
  if (end < 0) throw invalid("no end of central directory");
  const count = tail.readUInt16LE(end + 10);
  const directoryBytes = tail.readUInt32LE(end + 12);
  const directoryOffset = tail.readUInt32LE(end + 16);
  if (count > entriesMax || directoryOffset + directoryBytes > size) throw invalid("directory is not sane");
  const directory = await readAt(file, directoryOffset, directoryBytes);
  const entries: ZipEntry[] = [];
  let offset = 0;
  for (let i = 0; i < count; i++) {
    if (offset + 46 > directory.length || directory.readUInt32LE(offset) !== entrySignature) throw invalid("bad entry");
    const nameBytes = directory.readUInt16LE(offset + 28);
    const next = offset + 46 + nameBytes + directory.readUInt16LE(offset + 30) + directory.readUInt16LE(offset + 32);
    if (next > directory.length) throw invalid("entry leaves the directory");
    entries.push(parseEntry(directory, offset, directory.toString("utf8", offset + 46, offset + 46 + nameBytes)));
    offset = next;
  }
  return entries;
}

/** Streams the unpacked bytes of an entry; throws when its size or CRC-32 is not what the directory says. */
export async function* readZipEntry(file: FileHandle, entry: ZipEntry): AsyncGenerator<Uint8Array> {
  const local = await readAt(file, entry.headerOffset, 30);
  if (local.readUInt32LE(0) !== localSignature) throw invalid(`no local header for ${entry.name}`);
  const start = entry.headerOffset + 30 + local.readUInt16LE(26) + local.readUInt16LE(28);
  const end = start + entry.packedBytes - 1;
  const packed = entry.packedBytes === 0 ? Readable.from([]) : file.createReadStream({ start, end, autoClose: false });
  const unpacked: AsyncIterable<Uint8Array> = entry.method === "stored" ? packed : pipeInflate(packed);
  let size = 0;
  let crc = 0;
  try {
    for await (const chunk of unpacked) {
      size += chunk.length;
      if (size > entry.sizeBytes) throw invalid(`${entry.name} is longer than the directory says`);
      crc = crc32(chunk, crc);
      yield chunk;
    }
  } catch (cause) {
    if (cause instanceof ModelError) throw cause;
    throw new ModelError({ code: "ARCHIVE_INVALID", reason: `${entry.name} does not unpack` }, { cause });
  }
  if (size !== entry.sizeBytes || crc !== entry.crc) throw invalid(`${entry.name} is damaged`);
}

/** Opens a ZIP file for `readZipDirectory` and `readZipEntry`. */
export function openZip(path: string): Promise<FileHandle> {
  return open(path, "r");
}

function parseEntry(directory: Buffer, offset: number, name: string): ZipEntry {
  const method = directory.readUInt16LE(offset + 10);
  if ((directory.readUInt16LE(offset + 8) & encryptedFlag) !== 0) throw invalid(`${name} is encrypted`);
  if (method !== 0 && method !== 8) throw invalid(`${name} uses packing method ${method}`);
  const entry: ZipEntry = {
    name,
    method: method === 0 ? "stored" : "deflated",
    crc: directory.readUInt32LE(offset + 16),
    packedBytes: directory.readUInt32LE(offset + 20),
    sizeBytes: directory.readUInt32LE(offset + 24),
    headerOffset: directory.readUInt32LE(offset + 42),
  };
  if ([entry.packedBytes, entry.sizeBytes, entry.headerOffset].includes(0xffff_ffff)) throw invalid("ZIP64");
  return entry;
}

function pipeInflate(packed: NodeJS.ReadableStream): AsyncIterable<Uint8Array> {
  const inflate: Transform = createInflateRaw();
  packed.on("error", (error) => inflate.destroy(error));
  return packed.pipe(inflate);
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  if (bytesRead !== length) throw invalid("file ends early");
  return buffer;
}

function invalid(reason: string): ModelError {
  return new ModelError({ code: "ARCHIVE_INVALID", reason });
}
