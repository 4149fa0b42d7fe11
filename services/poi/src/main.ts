import { runMigrations } from "@koinon/runtime/migration-main";
import { runProcess } from "@koinon/runtime/process-main";
import { poiMigrations } from "./migrations.ts";
import { poiModule } from "./module.ts";

if (process.argv[2] === "migrate") await runMigrations({ ...poiMigrations, databaseUrl: "POI_DATABASE_URL" });
else await runProcess({ name: "poi", modules: [{ definition: poiModule }] });
