import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";

/** One file of the Terminal, held in memory with the compressed forms that its build left beside it. */
export interface StaticFile {
  readonly contentType: string;
  readonly etag: string;
  /** True when the name holds a hash of the content, so the content under this name never changes. */
  readonly immutable: boolean;
  readonly identity: Buffer;
  readonly br: Buffer | undefined;
  readonly gzip: Buffer | undefined;
}

const FILES_MAX = 2_000;
const BYTES_MAX = 64 * 1024 * 1024;

const contentTypes: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".jpg": "image/jpeg",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".map": "application/json; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
  ".webp": "image/webp",
  ".woff2": "font/woff2",
};

// Vite writes name-<8 base64url characters>.ext into assets/.
const HASHED_NAME = /^\/assets\/.*[-.][A-Za-z0-9_-]{8,}\.[a-z0-9]+$/;

/** A directory that can not be served: it holds no index.html, or more than is kept in memory. */
class StaticFilesError extends Error {
  override readonly name = "StaticFilesError";
}

/**
 * Reads a directory of built web files into memory, by URL path. Serving from this map, rather than from the disk, leaves no
 * path to traverse. Links, hidden files and unknown types are left out. Bounded by 2,000 files and 64 MiB.
 */
export async function readStaticFiles(directory: string): Promise<ReadonlyMap<string, StaticFile>> {
  const contents = await readAll(directory);
  const files = new Map<string, StaticFile>();
  for (const [url, identity] of contents) {
    const contentType = contentTypes[path.posix.extname(url)];
    if (contentType === undefined) continue;
    files.set(url, {
      contentType,
      etag: `"${createHash("sha256").update(identity).digest("base64url").slice(0, 22)}"`,
      immutable: HASHED_NAME.test(url),
      identity,
      br: contents.get(`${url}.br`),
      gzip: contents.get(`${url}.gz`),
    });
  }
  if (!files.has("/index.html")) throw new StaticFilesError(`${directory} holds no index.html`);
  return files;
}

async function readAll(directory: string): Promise<Map<string, Buffer>> {
  const contents = new Map<string, Buffer>();
  let bytes = 0;
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    const url = `/${path.relative(directory, file).split(path.sep).join("/")}`;
    if (!entry.isFile() || url.includes("/.")) continue;
    const content = await readFile(file);
    bytes += content.length;
    contents.set(url, content);
    if (contents.size > FILES_MAX || bytes > BYTES_MAX)
      throw new StaticFilesError(`${directory} holds more than is served`);
  }
  return contents;
}
