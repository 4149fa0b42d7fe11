#!/usr/bin/env node
// Writes the configuration tables of all READMEs from the declarations they name; `--check` only tells which are out of date.
// A table stands between `<!-- config: ./dist/config.js marketConfig -->` and `<!-- /config -->`; build first.
import { globSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { withConfigTables } from "../packages/runtime/dist/config-docs.js";
import { root, say } from "./workspace/toolchain.mjs";

const check = process.argv.includes("--check");
let outdated = 0;
for (const file of globSync("{packages,services}/*/README.md", { cwd: root })) {
  const readme = path.join(root, file);
  const text = readFileSync(readme, "utf8");
  const written = await withConfigTables(text, async (module, name) => {
    const declaration = (await import(path.resolve(path.dirname(readme), module)))[name];
    if (declaration === undefined) throw new Error(`${file}: ${module} exports no ${name}`);
    return declaration;
  });
  if (written === text) continue;
  outdated += 1;
  if (check) say(`${file}: the configuration table is out of date, run node tools/config-tables.mjs`);
  else writeFileSync(readme, written);
}
if (check && outdated > 0) process.exitCode = 1;
