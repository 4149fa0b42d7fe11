import { createReadStream } from "node:fs";
import path from "node:path";
import { DomainError } from "@koinon/errors/domain-error";
import { parseTrust, type Trust } from "@koinon/receipts/trust";
import { describeUnreadable } from "@koinon/receipts/unreadable";
import { InputError, type Terminal, UsageError } from "../command.ts";
import { readSettings } from "../settings.ts";

/** More than any request or answer has; what goes on for ever, such as a device, is not read for ever. */
const inputBytesMax = 256 * 2 ** 20;

/** Reads a file; throws InputError, with what the file was for. */
export async function readInput(file: string, what: string): Promise<Uint8Array> {
  const pieces: Buffer[] = [];
  let sizeBytes = 0;
  try {
    for await (const piece of createReadStream(file)) {
      pieces.push(piece as Buffer);
      sizeBytes += (piece as Buffer).length;
      if (sizeBytes > inputBytesMax) break;
    }
  } catch (cause) {
    throw new InputError(`can not read ${what} ${file}: ${reasonOf(cause)}`, { cause });
  }
  if (sizeBytes > inputBytesMax) throw new InputError(`can not read ${what} ${file}: it has more than 256 MiB`);
  return Buffer.concat(pieces, sizeBytes);
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
  const bytes = await readInput(file, "the trust file").catch((error: unknown) => {
    if (options.trust !== undefined || !(error instanceof InputError)) throw error;
    const hint = "'koinon start' makes it; --trust FILE names another, such as a gateway's /trust.json";
    throw new InputError(`${error.message} (${hint})`, { cause: error });
  });
  if (bytes.length === 0) throw new InputError(`${file} is not a trust file: it is empty`);
  try {
    return { trust: parseTrust(bytes), file };
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    throw new InputError(`${file} is not a trust file: ${describeUnreadable(error)}`, { cause: error });
  }
}

/** What went wrong with a file that was to be written, in words. */
export function writingReason(error: unknown): string {
  return (error as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such folder" : reasonOf(error);
}

/** What went wrong with a file, in words. */
export function reasonOf(error: unknown): string {
  if (error instanceof SyntaxError) return "it is not JSON";
  switch ((error as NodeJS.ErrnoException).code) {
    case "ENOENT":
      return "there is no such file";
    case "EACCES":
      return "permission denied";
    case "EPERM":
      return "it is not permitted";
    case "EROFS":
      return "the file system is read-only";
    case "EISDIR":
      return "it is a folder";
    case "ENOTDIR":
      return "a part of its path is a file, not a folder";
    case "EEXIST":
      return "there is a file of that name";
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
