import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type Child, startChild } from "./child-process.ts";
import { type SchemaMigrations, startTestPostgres, type TestPostgres } from "./postgres.ts";

/** A service as a process of its own, that keeps its state in PostgreSQL. */
export interface DatabaseService {
  /** Its module's name in the answer of `/readyz`. */
  readonly module: string;
  /** Arguments for Node. */
  readonly args: readonly string[];
  readonly migrations: SchemaMigrations;
  env(databaseUrl: string): Record<string, string>;
  /** The setting that says for how many milliseconds it waits. */
  readonly waitSetting: string;
}

/** What every service does whose database is away when it starts. */
export function describeLateDatabase(service: DatabaseService): void {
  describe(`${service.module} that starts before its database`, () => {
    let postgres: TestPostgres;
    let databaseUrl: string;
    let child: Child | undefined;
    beforeAll(async () => {
      postgres = await startTestPostgres();
      databaseUrl = (await postgres.database([service.migrations])).url;
      await postgres.kill();
    });
    afterAll(async () => {
      await child?.kill();
      await postgres.stop();
    });

    const start = async (env: Record<string, string> = {}) =>
      await startChild({
        ...{ command: process.execPath, args: [...service.args] },
        env: { ...service.env(databaseUrl), ADMIN_LISTEN: "127.0.0.1:0", ...env },
      });

    test("ends when it has waited for too long, with the reason in its last line", async () => {
      const late = await start({ [service.waitSetting]: "300" });
      expect(await late.exited).toEqual({ code: 1, signal: null });
      expect(late.lines.at(-1)).toMatch(/"reason":".*DATABASE_UNREACHABLE.*waited for 300 ms.*process ends/);
    });

    test("asked to end while it waits, it does, and nothing has failed", async () => {
      const waiting = await start();
      await waiting.waitForLine(/database can not be reached; trying on/);
      await waiting.stop();
      expect(await waiting.exited).toEqual({ code: 0, signal: null });
      expect(waiting.lines.filter((line) => /"level":"(error|fatal)"/.test(line))).toEqual([]);
    });

    test("waits, alive and not ready, and says why; goes on when it is there", async () => {
      child = await start();
      const [, address] = await child.waitForLine(/"address":"([^"]+)".*admin port open/);
      await child.waitForLine(/DATABASE_UNREACHABLE.*database can not be reached; trying on/);
      expect((await fetch(`http://${address}/livez`)).status).toBe(200);
      const waiting = await fetch(`http://${address}/readyz`);
      const parts = expect.arrayContaining([
        { name: "database", ok: false, detail: expect.stringContaining("DATABASE_UNREACHABLE") },
      ]);
      expect([waiting.status, await waiting.json()]).toMatchObject([503, { modules: { [service.module]: { parts } } }]);
      await postgres.restart();
      await child.waitForLine(/process ready/);
      expect((await fetch(`http://${address}/readyz`)).status).toBe(200);
      await child.stop();
      expect(await child.exited).toEqual({ code: 0, signal: null });
    }, 30_000);
  });
}
