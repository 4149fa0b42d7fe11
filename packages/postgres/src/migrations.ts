import { readFile } from "node:fs/promises";
import path from "node:path";
import { assertSchemaName, type ConnectionOptions } from "./connection-options.ts";
import { checkHistory, loadMigrations, type Migration, type RecordedMigration } from "./migration-files.ts";
import { openSession, type Session } from "./session.ts";

/** Which migrations to run where. */
export interface MigrateOptions extends Omit<ConnectionOptions, "schema"> {
  /** Schema that the migrations own; created when missing, and the search_path while they run. */
  readonly schema: string;
  /** Folder of `0001_name.sql` files. */
  readonly directory: string;
  /** Longest wait for another process that migrates the same schema. Default 60,000. */
  readonly waitMs?: number;
  readonly signal?: AbortSignal;
}

/** What a run did. */
export interface MigrationReport {
  readonly schema: string;
  /** Files applied by this run, in order. */
  readonly applied: readonly { name: string; durationMs: number }[];
  /** How many had been applied before. */
  readonly present: number;
  /** Applied by a newer release and unknown to this one. */
  readonly ahead: readonly string[];
}

/**
 * Brings a schema up to date, forward only, each file in a transaction of its own together with its record; safe to run from several
 * processes at once. Throws MigrationError when the recorded history and the files disagree.
 */
export async function migrate(options: MigrateOptions): Promise<MigrationReport> {
  assertSchemaName(options.schema);
  const migrations = await loadMigrations(options.directory);
  const session = await openSession({
    ...options,
    schema: options.schema,
    statementTimeoutMs: 0,
    lockTimeoutMs: options.waitMs ?? 60_000,
  });
  const onAbort = () => void session.close();
  options.signal?.addEventListener("abort", onAbort, { once: true });
  try {
    return await migrateInSession(session, options.schema, migrations, options.signal);
  } catch (error) {
    options.signal?.throwIfAborted();
    throw error;
  } finally {
    options.signal?.removeEventListener("abort", onAbort);
    await session.close();
  }
}

async function migrateInSession(
  session: Session,
  schema: string,
  migrations: readonly Migration[],
  signal: AbortSignal | undefined,
): Promise<MigrationReport> {
  // The lock belongs to the session, so a migrator that dies frees it.
  await session.query("SELECT pg_advisory_lock(hashtextextended($1, 0))", [`koinon.migrations.${schema}`]);
  await session.execute(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
  await session.execute(`CREATE TABLE IF NOT EXISTS ${schema}.schema_migrations (
    version int PRIMARY KEY, name text NOT NULL, checksum bytea NOT NULL,
    duration_ms int NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`);
  const recorded = await session.query<RecordedMigration>(
    `SELECT version, name, checksum FROM ${schema}.schema_migrations ORDER BY version`,
  );
  const { pending, ahead } = checkHistory(schema, migrations, recorded);
  const applied: { name: string; durationMs: number }[] = [];
  for (const migration of pending) {
    signal?.throwIfAborted();
    applied.push({ name: migration.name, durationMs: await apply(session, schema, migration) });
  }
  return { schema, applied, present: recorded.length, ahead };
}

async function apply(session: Session, schema: string, migration: Migration): Promise<number> {
  const text = await readFile(path.join(migration.directory, migration.name), "utf8");
  return await session.transaction(
    async (transaction) => {
      await transaction.execute(text);
      const [row] = await transaction.query<{ duration_ms: number }>(
        `INSERT INTO ${schema}.schema_migrations (version, name, checksum, duration_ms)
         VALUES ($1, $2, $3, extract(milliseconds FROM clock_timestamp() - now())::int) RETURNING duration_ms`,
        [migration.version, migration.name, migration.checksum],
      );
      return row?.duration_ms ?? 0;
    },
    { retries: 0 },
  );
}
