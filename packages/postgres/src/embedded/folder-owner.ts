import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { EmbeddedPostgresError } from "./embedded-error.ts";
import { startMark } from "./process-identity.ts";

/** Holds a data folder for this process; a holder that died, by whatever cause, no longer counts. */
export interface FolderOwner {
  release(): Promise<void>;
}

/** Takes the folder, or fails with DATA_FOLDER_IN_USE naming the living process that has it. */
export async function takeFolder(folder: string): Promise<FolderOwner> {
  const file = path.join(folder, "owner");
  const mine = `${process.pid} ${await startMark(process.pid)}\n`;
  for (let attempt = 0; attempt < 5; attempt += 1) {
    if (await createExclusively(file, mine)) return { release: () => rm(file, { force: true }) };
    const found = await readFile(file, "utf8").catch(() => undefined);
    if (found === undefined) continue;
    const [pid, mark] = found.trim().split(" ");
    if (mark !== undefined && (await startMark(Number(pid))) === mark) throw inUse(folder, Number(pid));
    await removeStale(file, found);
  }
  throw inUse(folder, 0);
}

async function createExclusively(file: string, content: string): Promise<boolean> {
  // A hard link appears with its content at once, so nobody reads half an owner.
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, content, { mode: 0o600 });
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

// Two starters may see the same stale owner: only what was judged stale is removed, a fresh one is put back.
async function removeStale(file: string, judged: string): Promise<void> {
  const aside = `${file}.stale.${process.pid}`;
  try {
    await rename(file, aside);
    if ((await readFile(aside, "utf8")) !== judged) await link(aside, file);
  } catch (error) {
    if (!["ENOENT", "EEXIST"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

function inUse(folder: string, pid: number): EmbeddedPostgresError {
  return new EmbeddedPostgresError({ code: "DATA_FOLDER_IN_USE", folder, pid });
}
