import { parseArgs } from "node:util";
import { migrateServices } from "./services/migrate-services.ts";
import { runServices } from "./services/run-services.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { "end-with-parent": { type: "boolean", default: false } },
});
if (positionals[0] === "migrate") await migrateServices(positionals.slice(1), process.env);
else await runServices(positionals, { endWithParent: values["end-with-parent"] });
