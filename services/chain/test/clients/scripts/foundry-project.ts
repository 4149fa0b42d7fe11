import { execFile } from "node:child_process";
import { chmod, cp, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { findBinary } from "../binaries.ts";
import { keys } from "../genesis.ts";
import type { Target } from "../target.ts";

const execute = promisify(execFile);
const sources = path.join(import.meta.dirname, "../foundry");
const deadlineMs = 30_000;
const outputMax = 16 * 2 ** 20;

/** A folder with a forge project, and the programs that work in it on a node. */
export interface FoundryProject {
  cast(...args: readonly string[]): Promise<string>;
  forge(...args: readonly string[]): Promise<string>;
  remove(): Promise<void>;
}

/** Makes a project whose compiler is the npm one; nothing is downloaded. */
export async function createFoundryProject(target: Target): Promise<FoundryProject> {
  const folder = await temporaryFolder();
  await cp(sources, folder.path, { recursive: true });
  const compiler = path.join(folder.path, "solc.sh");
  await writeFile(compiler, `#!/bin/sh\nexec '${process.execPath}' '${path.join(sources, "solc.mjs")}' "$@"\n`);
  await chmod(compiler, 0o755);
  const settings = [
    "[profile.default]",
    `solc = "${compiler}"`,
    "offline = true",
    'evm_version = "cancun"',
    "libs = []",
  ];
  await writeFile(path.join(folder.path, "foundry.toml"), `${settings.join("\n")}\n`);
  const run =
    (name: "cast" | "forge") =>
    async (...args: readonly string[]) => {
      const { stdout } = await execute(findBinary(name).path as string, [...args], {
        cwd: folder.path,
        timeout: deadlineMs,
        maxBuffer: outputMax,
        env: {
          ETH_RPC_URL: target.http,
          ETH_PRIVATE_KEY: keys[0] as string,
          HOME: folder.path,
          NO_COLOR: "1",
          FOUNDRY_DISABLE_NIGHTLY_WARNING: "1",
        },
      });
      return stdout.trim();
    };
  return { cast: run("cast"), forge: run("forge"), remove: () => folder.remove() };
}
