import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The launcher that `npx koinon` runs. */
export const koinonBin = fileURLToPath(new URL("../../../packages/cli/bin/koinon.mjs", import.meta.url));

/** Outcome of one command. */
export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `koinon` with arguments to its end. */
export function koinon(args: readonly string[], env: Record<string, string> = {}): Promise<CommandResult> {
  return run(process.execPath, [koinonBin, ...args], env);
}

/** Runs `koinon` in a network namespace of its own, without any network; only where the system allows it. */
export function koinonOffline(args: readonly string[]): Promise<CommandResult> {
  return run("unshare", ["--net", "--map-root-user", process.execPath, koinonBin, ...args], {});
}

function run(command: string, args: readonly string[], env: Record<string, string>): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...env },
      timeout: 60_000,
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on("data", (part: Buffer) => out.push(part));
    child.stderr.on("data", (part: Buffer) => err.push(part));
    child.once("error", reject);
    child.once("close", (code) =>
      resolve({ code, stdout: Buffer.concat(out).toString("utf8"), stderr: Buffer.concat(err).toString("utf8") }),
    );
  });
}
