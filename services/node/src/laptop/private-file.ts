import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";

/** Writes a file that only its owner reads, whole or not at all, and on disk when it returns. */
export function writePrivateFile(file: string, content: string | Uint8Array): void {
  writeAtomically(file, content, 0o600);
}

/** Writes a file that everybody may read, whole or not at all. */
export function writePublicFile(file: string, content: string): void {
  writeAtomically(file, content, 0o644);
}

/** The file's bytes, or what `create` answers, kept from then on. */
export function readOrCreatePrivateFile(file: string, create: () => string): string {
  if (existsSync(file)) return readFileSync(file, "utf8").trim();
  const content = create();
  writePrivateFile(file, `${content}\n`);
  return content;
}

function writeAtomically(file: string, content: string | Uint8Array, mode: number): void {
  const temporary = `${file}.new`;
  const descriptor = openSync(temporary, "w", mode);
  try {
    writeSync(descriptor, typeof content === "string" ? Buffer.from(content) : content);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(temporary, file);
}
