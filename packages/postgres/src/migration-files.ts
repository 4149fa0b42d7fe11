import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { DomainError } from "@koinon/errors/domain-error";

/** Why a schema is not migrated. */
export type MigrationFault =
  | { code: "MIGRATION_NAME_INVALID"; file: string }
  | { code: "MIGRATION_NUMBER_INVALID"; file: string; expected: number }
  | { code: "MIGRATION_CHANGED"; schema: string; file: string }
  | { code: "MIGRATION_MISSING"; schema: string; file: string };

/** Files and recorded history disagree; nothing was changed. */
export class MigrationError extends DomainError<MigrationFault> {}

/** One file. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly directory: string;
  /** SHA-256 of its bytes. */
  readonly checksum: Uint8Array;
}

/** One row of schema_migrations. */
export interface RecordedMigration {
  readonly version: number;
  readonly name: string;
  readonly checksum: Uint8Array;
}

/** Reads `0001_name.sql` … in order; numbers start at 1 and leave no gap, so that two branches can not both add one unnoticed. */
export async function loadMigrations(directory: string): Promise<Migration[]> {
  const files = (await readdir(directory)).filter((file) => file.endsWith(".sql")).sort();
  return await Promise.all(
    files.map(async (name, index) => {
      const match = /^(\d{4})_[a-z0-9_]+\.sql$/.exec(name);
      if (match === null) throw new MigrationError({ code: "MIGRATION_NAME_INVALID", file: name });
      const version = Number(match[1]);
      if (version !== index + 1) {
        throw new MigrationError({ code: "MIGRATION_NUMBER_INVALID", file: name, expected: index + 1 });
      }
      const checksum = createHash("sha256")
        .update(await readFile(path.join(directory, name)))
        .digest();
      return { version, name, directory, checksum };
    }),
  );
}

/**
 * Splits files into applied and pending. Recorded migrations beyond the last file are a newer release's and allowed (an older release may
 * run on an expanded schema); a recorded one that has no file in between, or other bytes, is a changed history.
 */
export function checkHistory(
  schema: string,
  migrations: readonly Migration[],
  recorded: readonly RecordedMigration[],
): { pending: Migration[]; ahead: string[] } {
  const byVersion = new Map(recorded.map((record) => [record.version, record]));
  const ahead: string[] = [];
  for (const record of recorded) {
    const migration = migrations[record.version - 1];
    if (migration === undefined) {
      ahead.push(record.name);
    } else if (migration.name !== record.name || !sameBytes(migration.checksum, record.checksum)) {
      throw new MigrationError({ code: "MIGRATION_CHANGED", schema, file: migration.name });
    }
  }
  const pending = migrations.filter((migration) => !byVersion.has(migration.version));
  const skipped = pending.find((migration) => migration.version < recorded.length);
  if (skipped !== undefined) throw new MigrationError({ code: "MIGRATION_MISSING", schema, file: skipped.name });
  return { pending, ahead };
}

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0;
}
