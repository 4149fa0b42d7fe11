import { readFile } from "node:fs/promises";
import path from "node:path";
import { DomainError } from "@koinon/errors/domain-error";
import { parseTrust, type Trust } from "@koinon/receipts/trust";
import { InputError, type Terminal, UsageError } from "../command.ts";
import { readSettings } from "../settings.ts";

/** Reads a file; throws InputError, with what the file was for. */
export async function readInput(file: string, what: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new InputError(`can not read ${what} ${file}: ${reasonOf(cause)}`, { cause });
  }
}

/** Where trust anchors come from: a file, or a data folder's trust.json. */
export interface TrustOptions {
  readonly trust?: string | undefined;
  readonly data?: string | undefined;
}

/** Reads the trust file; throws InputError when there is none or it is malformed. */
export async function readTrust(
  options: TrustOptions,
  terminal: Terminal,
): Promise<{ readonly trust: Trust; readonly file: string }> {
  if (options.trust !== undefined && options.data !== undefined)
    throw new UsageError("--trust and --data exclude each other");
  const file = options.trust ?? path.join(options.data ?? readSettings(terminal).data, "trust.json");
  const bytes = await readInput(file, "the trust file");
  try {
    return { trust: parseTrust(bytes), file };
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    throw new InputError(`${file} is not a trust file: ${error.message}`, { cause: error });
  }
}

/** What went wrong with a file, in words. */
export function reasonOf(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case "ENOENT":
      return "there is no such file";
    case "EACCES":
      return "permission denied";
    case "EISDIR":
      return "it is a folder";
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
