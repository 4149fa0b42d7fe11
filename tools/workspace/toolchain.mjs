// Brings the runtime and the package manager that the workspace is built with into `.toolchain/`, from the npm registry.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const toolchainDir = path.join(root, ".toolchain");
const binDir = path.join(toolchainDir, "node_modules", ".bin");
const wantedNode = "24.21.0";
const wantedMajor = wantedNode.split(".")[0];
const wantedPnpm = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")).packageManager.split("@")[1];

/** Prints one line of progress; always on stderr, so that stdout stays machine readable. */
export function say(text) {
  process.stderr.write(`${text}\n`);
}

/** Runs a command with the toolchain first on PATH and its output on stderr; throws when it fails. */
export function run(command, args, options = {}) {
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: ["ignore", 2, 2],
    ...options,
    env: { ...toolchainEnv(), ...options.env },
  });
  if (result.error) throw result.error;
  if (result.status !== 0) {
    throw new Error(`${path.basename(command)} ${args.join(" ")} failed (${result.signal ?? `exit ${result.status}`})`);
  }
}

/** The Node that everything is built and run with: the machine's own when it is the wanted major, else the workspace's. */
export function nodePath() {
  return usesOwnNode() ? path.join(toolchainDir, "node_modules", "node", "bin", nodeFile()) : process.execPath;
}

/** Environment for child processes: toolchain and workspace binaries first on PATH. */
export function toolchainEnv() {
  const searchPath = [path.dirname(nodePath()), binDir, path.join(root, "node_modules", ".bin"), process.env.PATH];
  return {
    ...process.env,
    PATH: searchPath.join(path.delimiter),
    TURBO_TELEMETRY_DISABLED: "1",
    DO_NOT_TRACK: "1",
  };
}

/** Installs Node and pnpm when missing, then the workspace's dependencies when the lock file changed. */
export function ensureInstalled() {
  ensureToolchain();
  const stampFile = path.join(toolchainDir, "installed");
  const stamp = fingerprint(["pnpm-lock.yaml", "pnpm-workspace.yaml", "package.json"]);
  const upToDate = existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp;
  if (upToDate && existsSync(path.join(root, "node_modules", ".modules.yaml"))) return;
  say("koinon: installing dependencies");
  rmSync(stampFile, { force: true });
  run("pnpm", ["install", "--frozen-lockfile", "--reporter=append-only", "--loglevel=info"]);
  writeFileSync(stampFile, stamp);
}

/** Builds what changed; turbo's cache makes an unchanged workspace a matter of a second. */
export function build(filters = []) {
  say("koinon: building");
  run("turbo", ["run", "build", "--output-logs=errors-only", "--log-order=grouped", ...filters]);
}

function ensureToolchain() {
  const wanted = [`pnpm@${wantedPnpm}`];
  if (usesOwnNode()) wanted.push(`node@${wantedNode}`);
  const stampFile = path.join(toolchainDir, "versions");
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === wanted.join(" ")) return;
  say(`koinon: fetching ${wanted.join(" and ")}`);
  mkdirSync(toolchainDir, { recursive: true });
  writeFileSync(path.join(toolchainDir, "package.json"), '{ "private": true }\n');
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const args = ["install", "--no-save", "--no-package-lock", "--no-fund", "--no-audit", "--loglevel=error", ...wanted];
  // npm hands its own settings down as npm_config_*; --prefix and the like of an outer call must not reach this one.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([key]) => !/^npm_config_(prefix|local_prefix)/i.test(key)),
  );
  const result = spawnSync(npm, args, { cwd: toolchainDir, stdio: ["ignore", 2, 2], env });
  if (result.status !== 0) throw new Error("npm could not fetch the toolchain (see above)");
  writeFileSync(stampFile, wanted.join(" "));
}

/** Also true when the workspace's Node runs this very script: it must not conclude that it is not needed. */
function usesOwnNode() {
  return process.execPath.startsWith(toolchainDir) || process.versions.node.split(".")[0] !== wantedMajor;
}

function nodeFile() {
  return process.platform === "win32" ? "node.exe" : "node";
}

function fingerprint(files) {
  const hash = createHash("sha256").update(nodePath());
  for (const file of files) hash.update(readFileSync(path.join(root, file)));
  return hash.digest("hex");
}
