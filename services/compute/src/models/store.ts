import { mkdir, mkdtemp, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { ModelError } from "./errors.ts";
import { assertModelName, isModelName, type ModelRecord, parseModelRecord } from "./record.ts";
import { hashFile } from "./source/hash-file.ts";
import { assertSha256 } from "./source/write-checked.ts";

const incomingFolder = ".incoming";
const recordSuffix = ".json";

/**
 * Models on disk: `<sha256>.gguf` for weights and `<name>.json` for records, below one folder. A record appears only after its
 * weights are complete and synced, so a crash leaves at most rubbish in `.incoming`, which the next writer of a live store removes.
 */
export class ModelStore {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Every record, by name. */
  async list(): Promise<ModelRecord[]> {
    const names = await readdir(this.folder).catch(() => []);
    const records = names.filter((name) => name.endsWith(recordSuffix) && !name.startsWith(".")).sort();
    return Promise.all(records.map((name) => this.#read(path.join(this.folder, name))));
  }

  /** The record of a name; throws MODEL_UNKNOWN. */
  async get(name: string): Promise<ModelRecord> {
    const record = await this.find(name);
    if (record === undefined) throw new ModelError({ code: "MODEL_UNKNOWN", name });
    return record;
  }

  /** The record of a name, or undefined. */
  async find(name: string): Promise<ModelRecord | undefined> {
    if (!isModelName(name)) return undefined;
    const file = path.join(this.folder, name + recordSuffix);
    return (await stat(file).catch(() => undefined)) === undefined ? undefined : this.#read(file);
  }

  /** Where the weights of a record are. */
  weightsPath(record: ModelRecord): string {
    return path.join(this.folder, `${record.weightsSha256}.gguf`);
  }

  /** Throws CONTENT_MISMATCH when the weights on disk are not the ones recorded. */
  async verify(record: ModelRecord, signal: AbortSignal): Promise<void> {
    assertSha256(record.name, record.weightsSha256, await hashFile(this.weightsPath(record), signal));
  }

  /** Runs `work` with an empty folder on the store's file system and removes the folder afterwards, whatever happened. */
  async withIncoming<T>(work: (folder: string) => Promise<T>): Promise<T> {
    const root = path.join(this.folder, incomingFolder);
    await mkdir(root, { recursive: true });
    await removeOrphans(root);
    const folder = await mkdtemp(path.join(root, `${process.pid}-`));
    try {
      return await work(folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Moves complete, synced weights into place, then writes the record. Both steps are atomic; a model of the same name is replaced. */
  async commit(weights: string, record: ModelRecord): Promise<void> {
    assertModelName(record.name);
    await rename(weights, this.weightsPath(record));
    await syncFolder(this.folder);
    await this.writeRecord(record);
  }

  /** Writes the record of weights that are there, in place of a former one. */
  async writeRecord(record: ModelRecord): Promise<void> {
    await this.withIncoming(async (folder) => {
      const draft = path.join(folder, "record");
      await using file = await open(draft, "wx");
      await file.writeFile(`${JSON.stringify(record, undefined, 2)}\n`);
      await file.sync();
      await rename(draft, path.join(this.folder, record.name + recordSuffix));
    });
    await syncFolder(this.folder);
  }

  async #read(file: string): Promise<ModelRecord> {
    const record = parseModelRecord(await readFile(file, "utf8"), path.basename(file));
    const weights = await stat(this.weightsPath(record)).catch(() => undefined);
    if (weights?.size !== record.sizeBytes) {
      throw new ModelError({
        code: "MODEL_RECORD_INVALID",
        file: path.basename(file),
        reason: "weights are missing or cut",
      });
    }
    return record;
  }
}

/** Removes what processes that no longer run left behind. */
async function removeOrphans(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    const pid = Number.parseInt(name, 10);
    if (Number.isInteger(pid) && isRunning(pid)) continue;
    await rm(path.join(root, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, "r");
  await handle.sync();
}
