import { closeSync, fdatasync, fsyncSync, openSync, readFileSync, renameSync, truncateSync, writeSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { decodeRecord, encodeRecord, type JournalRecord } from "./journal-record.ts";

const syncFile = promisify(fdatasync);
/** Longest time that a record may be in the page cache only. */
const syncDelayMs = 50;

export interface JournalFileDependencies {
  /** Told when the disk fails while nobody waits for it. */
  readonly onSyncFailure: (error: unknown) => void;
}

/**
 * An append-only file of checked records. A record survives the process (also by kill -9) as soon as `append` returns, since the kernel
 * has it, and the machine after at most 50 ms, when a background fdatasync has covered it. What a crash tore off at the end is cut away
 * when the file is opened.
 */
export class JournalFile {
  readonly #file: string;
  readonly #dependencies: JournalFileDependencies;
  #descriptor: number;
  #sizeBytes: number;
  #timer: NodeJS.Timeout | undefined;
  #syncing: Promise<void> = Promise.resolve();

  private constructor(file: string, descriptor: number, sizeBytes: number, dependencies: JournalFileDependencies) {
    this.#file = file;
    this.#descriptor = descriptor;
    this.#sizeBytes = sizeBytes;
    this.#dependencies = dependencies;
  }

  /** Opens or creates the file and gives every whole record of it to `onRecord`; answers how many torn bytes were cut away as well. */
  static open(
    file: string,
    onRecord: (record: JournalRecord) => void,
    dependencies: JournalFileDependencies,
  ): { journal: JournalFile; tornBytes: number } {
    const descriptor = openSync(file, "a+", 0o600);
    const bytes = readFileSync(file);
    let end = 0;
    for (let next = decodeRecord(bytes, 0); next !== undefined; next = decodeRecord(bytes, end)) {
      end = next.end;
      onRecord(next.record);
    }
    if (end < bytes.length) truncateSync(file, end);
    return { journal: new JournalFile(file, descriptor, end, dependencies), tornBytes: bytes.length - end };
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Appends records in one write. */
  append(records: readonly JournalRecord[]): void {
    const bytes = Buffer.concat(records.map(encodeRecord));
    writeWhole(this.#descriptor, bytes);
    this.#sizeBytes += bytes.length;
    this.#timer ??= setTimeout(() => this.#sync(), syncDelayMs);
  }

  /** Replaces the file by these records, atomically and durably. */
  rewrite(records: Iterable<JournalRecord>): void {
    const draft = `${this.#file}.new`;
    const descriptor = openSync(draft, "w", 0o600);
    let sizeBytes = 0;
    for (const record of records) {
      const bytes = encodeRecord(record);
      writeWhole(descriptor, bytes);
      sizeBytes += bytes.length;
    }
    fsyncSync(descriptor);
    closeSync(descriptor);
    renameSync(draft, this.#file);
    syncFolder(path.dirname(this.#file));
    const old = this.#descriptor;
    this.#descriptor = openSync(this.#file, "a+");
    this.#sizeBytes = sizeBytes;
    // A background sync may still be using the old file.
    this.#syncing = this.#syncing.then(() => closeSync(old));
  }

  /** Makes everything durable and closes the file. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#syncing;
    fsyncSync(this.#descriptor);
    closeSync(this.#descriptor);
  }

  #sync(): void {
    this.#timer = undefined;
    const descriptor = this.#descriptor;
    this.#syncing = this.#syncing.then(() => syncFile(descriptor)).catch(this.#dependencies.onSyncFailure);
  }
}

function writeWhole(descriptor: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length; ) written += writeSync(descriptor, bytes, written);
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  fsyncSync(descriptor);
  closeSync(descriptor);
}
