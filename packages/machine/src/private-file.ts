import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import path from "node:path";

/** Writes a file that only its owner reads, whole or not at all, and on disk when it returns. */
export function writePrivateFile(file: string, content: string | Uint8Array): void {
  writeAtomically(file, content, 0o600);
}

/** Writes a file that everybody may read, whole or not at all, and on disk when it returns. */
export function writePublicFile(file: string, content: string): void {
  writeAtomically(file, content, 0o644);
}

/** The text of a file without blanks around it, or undefined when there is none. */
export function readTextIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** The text of a private file, or what `create` answers, kept from then on. */
export function readOrCreatePrivateFile(file: string, create: () => string): string {
  const found = readTextIfThere(file);
  if (found !== undefined) return found;
  const content = create();
  writePrivateFile(file, `${content}\n`);
  return content;
}

function writeAtomically(file: string, content: string | Uint8Array, mode: number): void {
  const draft = `${file}.new`;
  const descriptor = openSync(draft, "w", mode);
  try {
    const bytes = typeof content === "string" ? Buffer.from(content) : content;
    for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(draft, file);
  // The new name is an entry of the folder, and lasts only when that is on disk too.
  const folder = openSync(path.dirname(file), "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
