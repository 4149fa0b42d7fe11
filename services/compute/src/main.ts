import { runMigrations } from "@koinon/runtime/migration-main";
import type { ModuleDefinition } from "@koinon/runtime/module";
import { runProcess } from "@koinon/runtime/process-main";
import { computeMigrations } from "./market/storage.ts";

// Loaded when asked for: only the engine needs llama.cpp.
const roles: Readonly<Record<string, () => Promise<unknown>>> = {
  market: async () => (await import("./market/module.ts")).marketModule,
  provider: async () => (await import("./provider/module.ts")).providerModule,
  engine: async () => (await import("./engine/module/engine-module.ts")).engineModule,
};
const [name = ""] = process.argv.slice(2);
const role = roles[name];
if (name === "migrate") await runMigrations({ ...computeMigrations, databaseUrl: "MARKET_DATABASE_URL" });
else if (role !== undefined) {
  await runProcess({ name, modules: [{ definition: (await role()) as ModuleDefinition<unknown> }] });
} else {
  process.stderr.write(`usage: main.js migrate | ${Object.keys(roles).join(" | ")}\n`);
  process.exitCode = 2;
}
