import path from "node:path";
import { DomainError } from "@koinon/errors/domain-error";
import { lockOwner, type OwnerLock } from "./file-owner.ts";

/** Why a folder can not be taken: `pid` works in it, by the number that it has for itself; 0 when it has not said so yet. */
export interface FolderLockFault {
  readonly code: "DATA_FOLDER_IN_USE";
  readonly folder: string;
  readonly pid: number;
}

export class FolderLockError extends DomainError<FolderLockFault> {}

/** Holds a folder for one owner of this process; a holder that died, by whatever cause, no longer counts. */
export type FolderLock = OwnerLock;

/** Takes an existing folder, or throws DATA_FOLDER_IN_USE naming the living process that has it, which may be this one. */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const lock = await lockOwner(path.join(folder, "owner"));
  if ("release" in lock) return lock;
  throw new FolderLockError({ code: "DATA_FOLDER_IN_USE", folder, pid: lock.pid });
}
