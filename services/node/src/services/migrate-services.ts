import { readFileSync } from "node:fs";
import { migrate } from "@koinon/postgres/migrations";
import { systemClock } from "@koinon/runtime/clock";
import { ConfigReader, declareConfig, secretSetting } from "@koinon/runtime/config";
import { createLogger } from "@koinon/runtime/logger";
import { z } from "zod";
import { NodeError } from "../errors.ts";
import { ownedSchemas } from "./schemas.ts";

/** Brings the schemas of the named services up to date, each with the database of its `<SERVICE>_DATABASE_URL`. */
export async function migrateServices(
  names: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const log = createLogger({ name: "migrate", level: "info", clock: systemClock });
  const reader = new ConfigReader({ env, readFile: (file) => readFileSync(file, "utf8") });
  const wanted = names.map((name) => {
    const owned = ownedSchemas.find(({ owner }) => owner === name);
    if (owned === undefined) {
      throw new NodeError({ code: "UNKNOWN_SERVICE", name, known: ownedSchemas.map(({ owner }) => owner).join(", ") });
    }
    return { ...owned, config: reader.read(name, databaseConfig(name)) };
  });
  reader.finish();
  for (const { config, schema, directory } of wanted) {
    const report = await migrate({ url: config.url.reveal(), schema, directory, applicationName: "koinon-migrate" });
    log.info({ schema, applied: report.applied, present: report.present }, "schema is up to date");
  }
}

function databaseConfig(service: string) {
  return declareConfig({
    url: secretSetting({
      env: `${service.toUpperCase()}_DATABASE_URL`,
      schema: z.string({ error: "required" }),
      description: "PostgreSQL database to migrate.",
    }),
  });
}
