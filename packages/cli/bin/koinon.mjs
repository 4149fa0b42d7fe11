#!/usr/bin/env node
// Runs the command line on the Node it is built for: the one at hand, or the workspace's own when that one is older.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const wantedMajor = 24;
const here = path.dirname(fileURLToPath(import.meta.url));
const workspaceNode = path.resolve(here, "../../../.toolchain/node_modules/node/bin/node");
const main = path.resolve(here, "../dist/main.js");

if (Number(process.versions.node.split(".")[0]) >= wantedMajor) {
  process.setSourceMapsEnabled(true);
  await import(main);
} else if (existsSync(workspaceNode)) {
  const child = spawn(workspaceNode, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? (signal === "SIGKILL" ? 137 : 1);
  });
} else {
  process.stderr.write(`koinon needs Node ${wantedMajor}; run 'npm run build' in the repository once to fetch it\n`);
  process.exitCode = 1;
}
