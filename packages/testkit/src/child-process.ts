import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { waitFor } from "./wait-for.ts";

/** What to start, and how to tell that it is ready. */
export interface ChildOptions {
  readonly command: string;
  readonly args?: readonly string[];
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** The line on stdout or stderr that says "ready"; without it the child counts as ready at once. */
  readonly ready?: RegExp;
  /** Longest wait for the ready line. Default 25,000. */
  readonly deadlineMs?: number;
}

/** A child that never outlives the test process. Its output is kept, at most the last 2,000 lines. */
export interface Child {
  readonly pid: number;
  /** The match of the ready line. */
  readonly ready: RegExpMatchArray | undefined;
  /** Lines of stdout and stderr so far. */
  readonly lines: readonly string[];
  /** Lines of stdout alone. */
  readonly stdoutLines: readonly string[];
  readonly exited: Promise<{ code: number | null; signal: string | null }>;
  isRunning(): boolean;
  /** Writes to stdin. */
  write(text: string): void;
  /** Waits for a line, past or future. */
  waitForLine(pattern: RegExp, deadlineMs?: number): Promise<RegExpMatchArray>;
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>;
  /** SIGTERM (or another signal), SIGKILL after ten seconds, and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

const linesMax = 2_000;
const lineDeadlineMs = 25_000;
const stopDeadlineMs = 10_000;

/** Starts a child and waits until it is ready; fails with its output when it ends before. */
export async function startChild(options: ChildOptions): Promise<Child> {
  // env(1) replaces itself by the command, so the process id is the command's.
  const variables = Object.entries(options.env ?? {}).map(([name, value]) => `${name}=${value}`);
  const process = spawn("/usr/bin/env", [...variables, options.command, ...(options.args ?? [])], {
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const lines: string[] = [];
  const stdoutLines: string[] = [];
  collect(process.stdout, [lines, stdoutLines]);
  collect(process.stderr, [lines]);
  process.stdin.on("error", () => undefined);
  // A child that a failed test forgot must not keep the test runner from ending; the guard below then ends the child.
  for (const handle of [process, process.stdin, process.stdout, process.stderr]) unref(handle);
  const exited = exitOf(process);
  await once(process, "spawn");
  endWithParent(process);
  const isRunning = () => process.exitCode === null && process.signalCode === null;
  const waitForLine = (pattern: RegExp, deadlineMs = lineDeadlineMs) => {
    const find = () => {
      const match = lines.map((line) => pattern.exec(line)).find((found) => found !== null);
      if (match === undefined && !isRunning()) return new Error(`ended before ${pattern}:\n${lines.join("\n")}`);
      return match;
    };
    return waitFor(find, { deadlineMs, what: `${options.command} prints ${pattern}` });
  };
  const end = async (signal: NodeJS.Signals) => {
    if (isRunning()) process.kill(signal);
    const harder = setTimeout(() => process.kill("SIGKILL"), stopDeadlineMs);
    await exited;
    clearTimeout(harder);
  };
  let ready: RegExpMatchArray | undefined;
  if (options.ready !== undefined) {
    const found = await waitForLine(options.ready, options.deadlineMs).catch((error: unknown) => error as Error);
    if (found instanceof Error) {
      await end("SIGKILL");
      throw found;
    }
    ready = found;
  }
  return {
    pid: process.pid as number,
    ready,
    lines,
    stdoutLines,
    exited,
    isRunning,
    write: (text) => void process.stdin.write(text),
    waitForLine: async (pattern, deadlineMs) => {
      const found = await waitForLine(pattern, deadlineMs);
      if (found instanceof Error) throw found;
      return found;
    },
    kill: () => end("SIGKILL"),
    stop: (signal = "SIGTERM") => end(signal),
  };
}

function unref(handle: object): void {
  if ("unref" in handle && typeof handle.unref === "function") handle.unref();
}

function collect(stream: NodeJS.ReadableStream, targets: string[][]): void {
  createInterface({ input: stream }).on("line", (line) => {
    for (const target of targets) {
      target.push(line);
      if (target.length > linesMax) target.shift();
    }
  });
}

function exitOf(process: ChildProcess): Promise<{ code: number | null; signal: string | null }> {
  return new Promise((resolve, reject) => {
    process.once("error", reject);
    process.once("close", (code, signal) => resolve({ code, signal }));
  });
}

/** A shell whose stdin closes when this process vanishes, also by kill -9, and which then kills the child. */
function endWithParent(child: ChildProcess): void {
  const guard = spawn("/bin/sh", ["-c", `read -r _; kill -KILL ${child.pid}`], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  guard.on("error", () => undefined);
  guard.unref();
  child.once("exit", () => guard.kill("SIGKILL"));
}
