import { runMigrations } from "@koinon/runtime/migration-main";
import { runProcess } from "@koinon/runtime/process-main";
import { gatewayMigrations } from "./migrations.ts";
import { gatewayModule } from "./module.ts";

if (process.argv[2] === "migrate") await runMigrations({ ...gatewayMigrations, databaseUrl: "GATEWAY_DATABASE_URL" });
else await runProcess({ name: "gateway", modules: [{ definition: gatewayModule }] });
