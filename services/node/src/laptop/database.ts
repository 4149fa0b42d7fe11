import { type EmbeddedPostgres, startEmbeddedPostgres } from "@koinon/postgres/embedded";
import { migrate } from "@koinon/postgres/migrations";
import type { Logger } from "@koinon/runtime/logger";
import type { Random } from "@koinon/runtime/random";
import { ownedSchemas } from "../services/schemas.ts";

/** The embedded database of a laptop network; started again when it dies. */
export interface LaptopDatabase {
  readonly url: string;
  pid(): number;
  stop(): Promise<void>;
}

const databaseName = "koinon";
const restartDelayMs = 200;
const restartsInRowMax = 5;

/** Starts PostgreSQL on a folder of its own and brings every schema up to date. */
export async function startDatabase(
  directory: string,
  { log, random, onPid }: { log: Logger; random: Random; onPid(pid: number): void },
  signal: AbortSignal,
): Promise<LaptopDatabase> {
  let server: EmbeddedPostgres = await startEmbeddedPostgres({ directory, signal }, { random });
  let stopping = false;
  await server.ensureDatabase(databaseName);
  const url = server.url(databaseName);
  for (const { schema, directory: files } of ownedSchemas) {
    await migrate({ url, schema, directory: files, applicationName: "koinon-migrate", signal });
  }

  const watch = (watched: EmbeddedPostgres) => {
    onPid(watched.pid);
    void watched.exited.then(() => (stopping ? undefined : restart(1)));
  };
  const restart = async (attempt: number): Promise<void> => {
    log.error({ attempt }, "database ended and is started again");
    try {
      await server.stop();
      server = await startEmbeddedPostgres({ directory }, { random });
      watch(server);
    } catch (error) {
      log.error({ err: error, attempt }, "database could not be started again");
      if (attempt >= restartsInRowMax || stopping) return;
      setTimeout(() => void restart(attempt + 1), restartDelayMs * attempt);
    }
  };
  watch(server);

  return {
    url,
    pid: () => server.pid,
    async stop() {
      stopping = true;
      await server.stop();
    },
  };
}
