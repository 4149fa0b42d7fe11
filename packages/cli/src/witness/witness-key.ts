import { existsSync, readFileSync } from "node:fs";
import { writePrivateFile } from "@koinon/machine/private-file";
import type { Random } from "@koinon/runtime/random";
import { createSignerKey, formatSignerKey, isKeyName, parseSignerKey, type SignerKey } from "@koinon/tlog/note-key";
import { InputError, UsageError } from "../command.ts";
import { reasonOf, writingReason } from "../connection/files.ts";

/** Reads a witness's key from its file, or makes one of that name and keeps it there, readable by its owner alone. */
export function openWitnessKey(file: string, name: string | undefined, random: Random): SignerKey {
  if (existsSync(file)) return readKey(file, name);
  if (name === undefined) throw new UsageError(`${file} does not exist; --name NAME makes a new key there`);
  if (!isKeyName(name)) throw new UsageError(`--name ${name} can not name a key: no spaces, no plus`);
  const key = createSignerKey(name, "cosignature", random.bytes(32));
  try {
    writePrivateFile(file, `${formatSignerKey(key)}\n`);
  } catch (cause) {
    throw new InputError(`can not write the key ${file}: ${writingReason(cause)}`, { cause });
  }
  return key;
}

function readKey(file: string, name: string | undefined): SignerKey {
  let key: SignerKey;
  try {
    key = parseSignerKey(readFileSync(file, "utf8").trim());
  } catch (cause) {
    // Not the cause's text: it might quote what is in the file.
    throw new InputError(`can not read a witness's key from ${file}${isMissing(cause) ? `: ${reasonOf(cause)}` : ""}`);
  }
  if (key.type !== "cosignature") throw new InputError(`the key in ${file} is not one for cosignatures`);
  if (name !== undefined && name !== key.name)
    throw new InputError(`the key in ${file} is of ${key.name}, not of ${name}`);
  return key;
}

function isMissing(error: unknown): boolean {
  return (
    typeof (error as NodeJS.ErrnoException).code === "string" && (error as NodeJS.ErrnoException).syscall !== undefined
  );
}
