import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { open, readFile, rm, stat } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { isAlive } from "@koinon/machine/process-identity";
import { EmbeddedPostgresError } from "./embedded-error.ts";
import { serverEnvironment } from "./initialise.ts";
import { servesFolder } from "./process-identity.ts";
import { commandFor, type ServerIdentity } from "./server-identity.ts";

const readyPollMs = 4;
const startTimeoutMs = 60_000;
const leftoverSessionsMs = 20_000;
const leftoverSessionsPollMs = 50;
const fastShutdownMs = 15_000;
const logSizeBytesMax = 4 * 1024 * 1024;

/** How the server is launched. */
export interface ServerLaunch {
  readonly program: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly identity: ServerIdentity;
  readonly dataFolder: string;
  readonly logFile: string;
  /** SIGINT rolls back and checkpoints, SIGQUIT drops everything at once and needs a recovery. */
  readonly stopSignal: "SIGINT" | "SIGQUIT";
}

/**
 * Starts the server and waits until it accepts connections; the server is in a process group of its own: Ctrl-C reaches only us. Sessions of
 * a server that was killed may work on for a moment, and the new one refuses to start beside them: then it is tried again.
 */
export async function launchServer(launch: ServerLaunch, signal?: AbortSignal): Promise<ChildProcess> {
  const deadline = AbortSignal.timeout(leftoverSessionsMs);
  for (;;) {
    try {
      return await launchOnce(launch, signal);
    } catch (error) {
      const leftovers =
        error instanceof EmbeddedPostgresError &&
        error.fault.code === "POSTGRES_START_FAILED" &&
        /pre-existing shared memory block/.test(error.fault.output);
      if (!leftovers || deadline.aborted) throw error;
      await delay(leftoverSessionsPollMs);
    }
  }
}

async function launchOnce(launch: ServerLaunch, signal?: AbortSignal): Promise<ChildProcess> {
  const flags = Object.entries(launch.settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const log = await open(launch.logFile, (await isLarge(launch.logFile)) ? "w" : "a", 0o600);
  const { size: logStart } = await log.stat();
  try {
    const command = commandFor(launch.identity, launch.program, ["-D", launch.dataFolder, ...flags]);
    const server = spawn(command.file, command.args, {
      stdio: ["ignore", log.fd, log.fd],
      detached: true,
      env: serverEnvironment,
      cwd: "/",
      ...command.ids,
    });
    const failed = once(server, "error").then(([error]) => error as Error);
    await waitUntilReady(server, failed, { ...launch, logStart }, signal);
    if (server.pid !== undefined) guard(server, launch.stopSignal);
    return server;
  } finally {
    await log.close();
  }
}

async function waitUntilReady(
  server: ChildProcess,
  failed: Promise<Error>,
  launch: ServerLaunch & { logStart: number },
  signal?: AbortSignal,
) {
  const deadline = AbortSignal.timeout(startTimeoutMs);
  let failure: Error | undefined;
  void failed.then((error) => {
    failure = error;
  });
  while (!(await isReady(server.pid, launch.dataFolder))) {
    const gone = failure !== undefined || server.exitCode !== null || server.signalCode !== null;
    if (gone || deadline.aborted || signal?.aborted) {
      if (!gone) server.kill("SIGQUIT");
      signal?.throwIfAborted();
      const output = failure?.message ?? (await tail(launch.logFile, launch.logStart));
      throw new EmbeddedPostgresError({ code: "POSTGRES_START_FAILED", folder: launch.dataFolder, output });
    }
    await delay(readyPollMs);
  }
}

/** The server writes its state into line 8 of postmaster.pid, as pg_ctl reads it. */
async function isReady(pid: number | undefined, dataFolder: string): Promise<boolean> {
  const lines = await pidFileLines(dataFolder);
  return pid !== undefined && Number(lines[0]) === pid && lines[7]?.trim() === "ready";
}

/**
 * Ends a server that still runs for this folder without its parent. Removes a pid file whose process is another program by now, which the
 * server would take for a living one; a file whose process is gone stays, because the server looks for left-over sessions by it.
 */
export async function stopOrphan(dataFolder: string): Promise<void> {
  const pid = Number((await pidFileLines(dataFolder))[0]);
  if (!Number.isInteger(pid) || pid <= 0) return;
  if (await servesFolder(pid, dataFolder)) await endProcess(pid, dataFolder, "SIGINT");
  else if (isAlive(pid)) await rm(path.join(dataFolder, "postmaster.pid"), { force: true });
}

/** Signals the server and waits for its end, harder after a while. */
export async function endProcess(pid: number, dataFolder: string, stopSignal: "SIGINT" | "SIGQUIT"): Promise<void> {
  for (const step of [stopSignal, "SIGQUIT"] as const) {
    if (!isAlive(pid)) return;
    process.kill(pid, step);
    const deadline = AbortSignal.timeout(fastShutdownMs);
    while (isAlive(pid) && !deadline.aborted) await delay(readyPollMs);
  }
  if (isAlive(pid)) throw new EmbeddedPostgresError({ code: "POSTGRES_STOP_FAILED", folder: dataFolder, pid });
}

/** A shell that waits for this process to vanish (its end of the pipe closes, also on kill -9) and then stops the server. */
function guard(server: ChildProcess, stopSignal: "SIGINT" | "SIGQUIT"): void {
  const script = `read -r _; kill -${stopSignal.slice(3)} ${server.pid}`;
  const watcher = spawn("/bin/sh", ["-c", script], { stdio: ["pipe", "ignore", "ignore"], detached: true, env: {} });
  // Without the guard an orphan is stopped at the next start, so its failure is no failure of ours.
  watcher.on("error", () => undefined);
  watcher.stdin?.on("error", () => undefined);
  watcher.unref();
  server.once("exit", () => watcher.kill("SIGKILL"));
}

async function pidFileLines(dataFolder: string): Promise<string[]> {
  const text = await readFile(path.join(dataFolder, "postmaster.pid"), "utf8").catch(() => "");
  return text.split("\n");
}

async function isLarge(file: string): Promise<boolean> {
  return await stat(file).then(
    ({ size }) => size > logSizeBytesMax,
    () => false,
  );
}

/** The end of what was logged from `start` on. */
async function tail(file: string, start: number): Promise<string> {
  const logged = await readFile(file).catch(() => Buffer.alloc(0));
  return logged.subarray(start).toString("utf8").slice(-2_000).trim();
}
