import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** A child process that announced itself with one line of JSON on stdout. */
export interface ReadyChild<T> {
  readonly ready: T;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts `command`, waits for its first JSON line and rejects when it ends or stays silent before that. */
export async function startChild<T>(
  command: string,
  args: readonly string[],
  options: { readyTimeoutMs: number },
): Promise<ReadyChild<T>> {
  const child = spawn(command, args, {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ready = await firstJsonLine<T>(child, options.readyTimeoutMs);
  return { ready, pid: child.pid as number, stop: () => stopChild(child) };
}

function firstJsonLine<T>(child: ChildProcess, timeoutMs: number): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`${child.spawnargs.join(" ")}: no ready line within ${timeoutMs} ms`));
    }, timeoutMs);
    child.once("exit", (code) => {
      clearTimeout(timer);
      reject(new Error(`${child.spawnargs.join(" ")}: ended with ${code} before it was ready`));
    });
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    lines.on("line", (line) => {
      if (!line.startsWith("{")) return;
      clearTimeout(timer);
      resolve(JSON.parse(line) as T);
    });
  });
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
  await ended;
  clearTimeout(timer);
}
