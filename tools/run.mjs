#!/usr/bin/env node
// The workspace's commands, on any Node from 20: fetch the toolchain, install, build, then hand over to Node 24.
import { spawn } from "node:child_process";
import path from "node:path";
import { build, ensureInstalled, nodePath, root, run, say, toolchainEnv } from "./workspace/toolchain.mjs";

const [command = "start", ...args] = process.argv.slice(2);

const commands = {
  start: () => {
    build(["--filter=@koinon/cli..."]);
    handOver(path.join(root, "packages/cli/bin/koinon.mjs"), ["start", ...args]);
  },
  bench: () => {
    build();
    handOver(path.join(root, "bench/dist/main.js"), args);
  },
  // Published vectors against this engine, where they are: see test/conformance/README.md.
  conformance: () => {
    build(["--filter=@koinon/conformance..."]);
    handOver(path.join(root, "test/conformance/dist/main.js"), args);
  },
  build: () => build(args),
  check: () => {
    check();
    build(["--filter=./services/*", "--filter=./packages/*"]);
    checkTables();
  },
  // Kubernetes for tests: see deploy/cluster/README.md.
  cluster: () => handOver(path.join(root, "deploy/cluster/command.mjs"), args),
  test: () => {
    check();
    build();
    checkTables();
    run("turbo", ["run", "typecheck", "--output-logs=errors-only", "--log-order=grouped"]);
    const test = ["run", "test", "--output-logs=new-only", "--log-order=grouped", ...args];
    run("turbo", [...test, "--concurrency=2", "--filter=!@koinon/acceptance"]);
    // Whole networks want the machine to themselves.
    run("turbo", [...test, "--filter=@koinon/acceptance", "--only"]);
  },
};

/** Style, contracts and unused code: everything that needs no built output. */
function check() {
  run("biome", ["check", "--error-on-warnings", "."]);
  run("pnpm", ["--filter", "@koinon/contracts", "run", "lint"]);
  run("knip", ["--tsConfig", "tsconfig.build.json", "--include", "files,exports,types", "--no-config-hints"]);
}

/** The configuration tables of the READMEs are those of the declarations, which are read from built output. */
function checkTables() {
  run("node", ["tools/config-tables.mjs", "--check"]);
}

/** Replaces this process as far as Node allows: same terminal, signals passed on, same exit code. */
function handOver(file, fileArgs) {
  const child = spawn(nodePath(), ["--enable-source-maps", file, ...fileArgs], {
    stdio: "inherit",
    env: toolchainEnv(),
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? (signal === null ? 1 : 128 + 15);
  });
}

try {
  if (!(command in commands))
    throw new Error(`unknown command '${command}'; one of ${Object.keys(commands).join(", ")}`);
  ensureInstalled();
  commands[command]();
} catch (error) {
  say(`koinon: ${error.message}`);
  process.exitCode = 1;
}
