import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { type ReadyChild, startChild } from "./child.ts";

const launcher = fileURLToPath(new URL("../../../packages/cli/bin/koinon.mjs", import.meta.url));

/** The ready line of `koinon start --json`. */
export interface Ready {
  readonly url: string;
  readonly apiKey: string;
  readonly dataDir: string;
}

/** A whole network on a data folder of its own, removed when it stops. */
export interface Network {
  readonly ready: Ready;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts the all-in-one network on a fresh data folder. */
export async function startNetwork(args: readonly string[]): Promise<Network> {
  const dataDir = mkdtempSync(path.join(tmpdir(), "koinon-bench-"));
  const child = await startOn(dataDir, args);
  const stop = async () => {
    await child.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
  return { ready: child.ready, pid: child.pid, stop };
}

/** Starts the all-in-one network on an existing data folder and leaves the folder in place. */
export function startOn(dataDir: string, args: readonly string[]): Promise<ReadyChild<Ready>> {
  const command = [launcher, "start", "--json", "--port", "0", "--data", dataDir, ...args];
  return startChild<Ready>(process.execPath, command, { readyTimeoutMs: 120_000 });
}
