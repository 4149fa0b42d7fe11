import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const bin = fileURLToPath(new URL("../bin/koinon.mjs", import.meta.url));

/** What a run of the real command line left behind. */
export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A running `koinon`. */
export interface Running {
  readonly child: ChildProcess;
  /** Standard output so far. */
  output(): string;
  readonly ended: Promise<Ran>;
}

/** Starts `koinon` as its users do; the environment is empty but for what is given. */
export function startKoinon(args: readonly string[], env: Record<string, string> = {}, cwd?: string): Running {
  const child = spawn(process.execPath, [bin, ...args], { env, cwd, stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    err += chunk.toString();
  });
  const ended = once(child, "close").then(([code]): Ran => ({ code: code as number | null, out, err }));
  return { child, output: () => out, ended };
}

/** Runs `koinon` to its end. */
export function koinon(args: readonly string[], env: Record<string, string> = {}, cwd?: string): Promise<Ran> {
  return startKoinon(args, env, cwd).ended;
}
