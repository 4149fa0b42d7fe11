import { createHash } from "node:crypto";
import { Database, type DatabaseOptions } from "@koinon/postgres/database";
import type { EmbeddedPostgres } from "@koinon/postgres/embedded";
import { migrate } from "@koinon/postgres/migrations";
import { launchFromCopy, type TestPostgresOptions, type TestServer } from "./postgres-server.ts";

/** Migrations to have in a database. */
export interface SchemaMigrations {
  readonly schema: string;
  /** Folder of `0001_name.sql` files. */
  readonly directory: string;
}

/** A database of its own for one test or one test file. */
export interface TestDatabase {
  readonly name: string;
  readonly url: string;
  /** Opens a pool on it; closed by `stop` if the test does not. */
  open(options?: Partial<DatabaseOptions>): Database;
}

/** A PostgreSQL server for one test file. */
export interface TestPostgres {
  /** An empty database, or a clone of one that has these migrations (they run once per server). */
  database(migrations?: readonly SchemaMigrations[]): Promise<TestDatabase>;
  /** Process id of the server now. */
  pid(): number;
  /** kill -9 of the server. */
  kill(): Promise<void>;
  /** Starts it again on the same data after `kill`. */
  restart(): Promise<void>;
  /** Closes the pools opened through it, ends the server, removes its data. */
  stop(): Promise<void>;
}

/** Starts a server of one's own; about 0.1 s, because initdb runs only once per machine and its result is copied. */
export async function startTestPostgres(options: TestPostgresOptions = {}): Promise<TestPostgres> {
  const test: TestServer = await launchFromCopy(options);
  let server: EmbeddedPostgres = test.server;
  const pools: Database[] = [];
  const templates = new Map<string, Promise<string>>();
  let databases = 0;

  const admin = async (text: string) => {
    const session = new Database({
      url: server.url("postgres"),
      applicationName: "testkit",
      statementTimeoutMs: 30_000,
    });
    await session.execute(text).finally(() => session.close());
  };
  const prepareTemplate = async (name: string, migrations: readonly SchemaMigrations[]) => {
    await admin(`CREATE DATABASE ${name}`);
    for (const { schema, directory } of migrations) {
      await migrate({ url: server.url(name), applicationName: "testkit", schema, directory });
    }
    return name;
  };

  return {
    async database(migrations = []) {
      databases += 1;
      const name = `test_${databases}`;
      let source = "template1";
      if (migrations.length > 0) {
        const template = `template_${createHash("sha256").update(JSON.stringify(migrations)).digest("hex").slice(0, 16)}`;
        const prepared = templates.get(template) ?? prepareTemplate(template, migrations);
        templates.set(template, prepared);
        source = await prepared;
      }
      await admin(`CREATE DATABASE ${name} TEMPLATE ${source}`);
      const url = server.url(name);
      const open = (overrides: Partial<DatabaseOptions> = {}) => {
        const pool = new Database({ url, applicationName: "test", ...overrides });
        pools.push(pool);
        return pool;
      };
      return { name, url, open };
    },
    pid: () => server.pid,
    async kill() {
      process.kill(server.pid, "SIGKILL");
      await server.exited;
      await server.stop();
    },
    async restart() {
      server = await test.relaunch();
    },
    async stop() {
      await Promise.all(pools.map((pool) => pool.close().catch(() => undefined)));
      await server.stop();
      await test.remove();
    },
  };
}
