import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { isAlive } from "@koinon/machine/process-identity";
import { Database } from "../src/database.ts";
import {
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  startEmbeddedPostgres,
} from "../src/embedded/embedded-postgres.ts";
import { servesFolder } from "../src/embedded/process-identity.ts";
import { admit } from "../src/embedded/server-identity.ts";
import { freshFolder, random, until } from "./embedded-server.ts";

const runner = fileURLToPath(new URL("run-embedded.ts", import.meta.url));

describe("embedded PostgreSQL", () => {
  let folder: Awaited<ReturnType<typeof freshFolder>>;
  const running: EmbeddedPostgres[] = [];

  beforeEach(async () => {
    folder = await freshFolder();
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((server) => server.stop()));
    await folder.remove();
  });

  const start = async (options: Partial<EmbeddedPostgresOptions> = {}) => {
    const server = await startEmbeddedPostgres({ directory: path.join(folder.path, "pg"), ...options }, { random });
    running.push(server);
    return server;
  };
  const withDatabase = async <T>(server: EmbeddedPostgres, use: (database: Database) => Promise<T>) => {
    const database = new Database({ url: server.url("koinon"), applicationName: "test" });
    return await use(database).finally(() => database.close());
  };
  /** Starts a server from a process that is then killed with SIGKILL; answers the server's process id. */
  const orphan = async (beforehand: (serverPid: number) => Promise<void> = async () => undefined) => {
    const parent = spawn(process.execPath, ["--no-warnings", runner, path.join(folder.path, "pg")]);
    const [line] = (await once(parent.stdout, "data")) as [Buffer];
    const serverPid = Number(line.toString());
    await beforehand(serverPid);
    parent.kill("SIGKILL");
    await once(parent, "exit");
    return serverPid;
  };

  test("keeps its data over a stop, listens nowhere but on its socket, and hides its password", async () => {
    const first = await start();
    await first.ensureDatabase("koinon");
    await first.ensureDatabase("koinon");
    await withDatabase(first, (database) => database.execute("CREATE TABLE kept AS SELECT 42 AS answer"));
    const settings = await withDatabase(first, (database) =>
      database.query("SELECT name, setting FROM pg_settings WHERE name IN ('listen_addresses', 'fsync') ORDER BY name"),
    );
    expect(settings).toEqual([
      { name: "fsync", setting: "on" },
      { name: "listen_addresses", setting: "" },
    ]);
    const passwordFile = path.join(folder.path, "pg", "password");
    expect((await stat(passwordFile)).mode & 0o777).toBe(0o600);
    expect(first.url("koinon")).toContain((await readFile(passwordFile, "utf8")).trim());
    await first.stop();
    expect(isAlive(first.pid)).toBe(false);
    const second = await start();
    const rows = await withDatabase(second, (database) => database.query("SELECT answer FROM kept"));
    expect(rows).toEqual([{ answer: 42 }]);
  });

  test("falls back to a loopback port where the socket's path would be too long", async () => {
    const server = await start({ directory: path.join(folder.path, "x".repeat(100)) });
    expect(server.url("postgres")).toMatch(/@127\.0\.0\.1:\d+\/postgres$/);
    await server.ensureDatabase("koinon");
    expect(await withDatabase(server, (database) => database.query("SELECT 1 AS one"))).toEqual([{ one: 1 }]);
  });

  test("a folder has one owner", async () => {
    const server = await start();
    await expect(start()).rejects.toMatchObject({ fault: { code: "DATA_FOLDER_IN_USE", pid: process.pid } });
    await server.stop();
    const outcomes = await Promise.allSettled([start(), start(), start()]);
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  test("the server goes down with a parent that is killed", async () => {
    const pid = await orphan();
    await until(() => !isAlive(pid));
    const server = await start();
    await withDatabase(server, (database) => database.query("SELECT 1"));
  });

  test("an orphan that nobody stopped is stopped before a new server starts", async () => {
    const pid = await orphan(killGuardOf);
    const server = await start();
    expect(isAlive(pid)).toBe(false);
    expect(server.pid).not.toBe(pid);
    await withDatabase(server, (database) => database.query("SELECT 1"));
  });

  test("recovers after kill -9 of the server, and tells that it ended", async () => {
    const first = await start();
    await first.ensureDatabase("koinon");
    await withDatabase(first, (database) => database.execute("CREATE TABLE kept AS SELECT 1 AS one"));
    process.kill(first.pid, "SIGKILL");
    await first.exited;
    await first.stop();
    const second = await start();
    expect(await withDatabase(second, (database) => database.query("SELECT one FROM kept"))).toEqual([{ one: 1 }]);
  });

  test("waits for the sessions that a killed server left at work", async () => {
    const first = await start();
    await first.ensureDatabase("koinon");
    const database = new Database({ url: first.url("koinon"), applicationName: "busy" });
    // Busy with computing, a session notices only afterwards that its server has gone.
    const computing = database.query("SELECT count(*) FROM generate_series(1, 8000000)").catch(() => undefined);
    const observer = new Database({ url: first.url("koinon"), applicationName: "observer" });
    const active = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'busy' AND state = 'active'";
    await until(async () => (await observer.query(active)).length === 1);
    process.kill(first.pid, "SIGKILL");
    await first.exited;
    await first.stop();
    await withDatabase(await start(), (fresh) => fresh.query("SELECT 1"));
    await computing;
    await Promise.all([database.close(), observer.close()]);
  });

  test("a pid file that names another program by now does not stop the start", async () => {
    const first = await start();
    await first.stop();
    const data = path.join(folder.path, "pg", "data");
    expect(await servesFolder(process.pid, data)).toBe(false);
    await writeFile(path.join(data, "postmaster.pid"), `${process.pid}\n${data}\n1\n5432\n\n\n\nready\n`);
    await withDatabase(await start(), async () => undefined);
  });

  test("an initialisation that was broken off starts over", async () => {
    await mkdir(path.join(folder.path, "pg", "data.draft", "base"), { recursive: true });
    const server = await start();
    await server.ensureDatabase("koinon");
    await server.stop();
    const left = ["data", "owner.lock", "password", "run", "server.log"];
    expect((await readdir(path.join(folder.path, "pg"))).sort()).toEqual(left);
  });

  test("a folder that the server's user can not enter is passed with a capability, or named", async () => {
    const closed = path.join(folder.path, "closed");
    await mkdir(closed);
    await chmod(closed, 0o700);
    const stranger = { user: "stranger", ids: { uid: 54_321, gid: 54_321 } };
    const target = path.join(closed, "pg", "data");
    await mkdir(target, { recursive: true });
    const lent = { name: "dac_override", setpriv: "/usr/bin/setpriv" } as const;
    expect(await admit(stranger, [folder.path, target], async () => lent)).toEqual({ ...stranger, capability: lent });
    await expect(admit(stranger, [target], async () => undefined)).rejects.toMatchObject({
      fault: { code: "FOLDER_NOT_TRAVERSABLE", folder: closed, user: "stranger", needed: `chmod o+x ${closed}` },
    });
    expect(await admit({ user: "this user" }, [target])).toEqual({ user: "this user" });
  });

  test("starts in a folder that is closed to everybody else", async () => {
    const closed = path.join(folder.path, "closed");
    await mkdir(closed);
    await chmod(closed, 0o700);
    const server = await start({ directory: path.join(closed, "pg") });
    await server.ensureDatabase("koinon");
    await withDatabase(server, (database) => database.query("SELECT 1"));
  });
});

/** Ends the shell that would stop the server, by its id. */
async function killGuardOf(serverPid: number): Promise<void> {
  for (const entry of await readdir("/proc")) {
    const command = /^\d+$/.test(entry) ? await readFile(`/proc/${entry}/cmdline`, "utf8").catch(() => "") : "";
    if (command.includes(`kill -INT ${serverPid}`)) process.kill(Number(entry), "SIGKILL");
  }
}
