import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Socket } from "node:net";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";
import { startChild } from "@koinon/testkit/child-process";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";

test("Ctrl-C that comes several times ends migrations in order: they say that they were not done", async () => {
  const folder = await temporaryFolder("koinon-migrations-");
  await writeFile(path.join(folder.path, "0001_first.sql"), "SELECT 1;");
  // A database that takes connections and says nothing.
  const database = createServer().listen(0, "127.0.0.1");
  await once(database, "listening");
  const { port } = database.address() as AddressInfo;
  const child = await startChild({
    command: process.execPath,
    args: ["--no-warnings", fileURLToPath(new URL("migration-fixture.ts", import.meta.url)), folder.path],
    env: { FIXTURE_DATABASE_URL: `postgresql://koinon@127.0.0.1:${port}/koinon` },
  });
  try {
    const [connection] = (await once(database, "connection")) as [Socket];
    process.kill(child.pid, "SIGINT");
    await child.waitForLine(/migrations asked to end/);
    process.kill(child.pid, "SIGINT");
    connection.destroy();
    expect(await child.exited).toEqual({ code: 1, signal: null });
    expect(child.lines.join("\n")).toContain("schema could not be brought up to date");
  } finally {
    await child.kill();
    database.close();
    await folder.remove();
  }
});
