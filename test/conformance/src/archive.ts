import { gunzipSync } from "node:zlib";

/** One file of an archive. */
export interface ArchiveFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

const blockSize = 512;

/** The regular files of a gzipped tar archive (POSIX ustar, with GNU's and pax's long names). */
export function* archiveFiles(archive: Uint8Array): Generator<ArchiveFile> {
  const bytes = gunzipSync(archive);
  let longName: string | undefined;
  for (let offset = 0; offset + blockSize <= bytes.length && bytes[offset] !== 0; ) {
    const header = bytes.subarray(offset, offset + blockSize);
    const size = Number.parseInt(text(header, 124, 12).trim() || "0", 8);
    const content = bytes.subarray(offset + blockSize, offset + blockSize + size);
    const kind = String.fromCharCode(header[156] as number);
    offset += blockSize * (1 + Math.ceil(size / blockSize));
    if (kind === "L") longName = text(content, 0, content.length);
    else if (kind === "x") longName = /\d+ path=(.*)\n/.exec(content.toString("utf8"))?.[1];
    else {
      const prefix = text(header, 345, 155);
      const name = text(header, 0, 100);
      const path = longName ?? (prefix === "" ? name : `${prefix}/${name}`);
      longName = undefined;
      if (kind === "0" || kind === "\0") yield { path: path.replace(/^\.\//, ""), bytes: content };
    }
  }
}

function text(bytes: Uint8Array, offset: number, length: number): string {
  const field = bytes.subarray(offset, offset + length);
  const end = field.indexOf(0);
  return Buffer.from(end < 0 ? field : field.subarray(0, end)).toString("utf8");
}
