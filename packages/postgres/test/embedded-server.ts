import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../src/embedded/embedded-postgres.ts";

export const random = { bytes: (length: number): Uint8Array => randomBytes(length) };

/** A fresh folder that the server's user may traverse. */
export async function freshFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "koinon-postgres-"));
  await chmod(folder, 0o711);
  return { path: folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** A server for one test file; the testkit's can not be used here, as it is built on this package. */
export async function startServer(): Promise<{
  server: EmbeddedPostgres;
  freshDatabase(): Promise<string>;
  stop(): Promise<void>;
}> {
  const folder = await freshFolder();
  const server = await startEmbeddedPostgres({ directory: folder.path, durability: "none" }, { random });
  let databases = 0;
  return {
    server,
    async freshDatabase() {
      databases += 1;
      await server.ensureDatabase(`test_${databases}`);
      return server.url(`test_${databases}`);
    },
    async stop() {
      await server.stop();
      await folder.remove();
    },
  };
}

/** Looks every few milliseconds until the condition holds, at most fifteen seconds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = AbortSignal.timeout(15_000);
  while (!(await condition())) {
    if (deadline.aborted) throw new Error(`not so in time: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
