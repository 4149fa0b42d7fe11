// Writes values.schema.json of every chart from values.yaml and the services' declarations; build first.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { chartsDir } from "../helm.ts";
import { chartNames } from "../services.ts";
import { chartSchema, umbrellaSchema } from "./value-schemas.ts";

const files = new Map<string, object>([["koinon", umbrellaSchema()]]);
for (const chart of chartNames) files.set(`charts/${chart}`, chartSchema(chart));
const written = [...files].map(([chart, schema]) => {
  const file = path.join(chartsDir, chart, "values.schema.json");
  writeFileSync(file, JSON.stringify(schema));
  return file;
});
process.exitCode = spawnSync("biome", ["format", "--write", ...written], { stdio: "inherit" }).status ?? 1;
