import { type ChildProcess, spawn } from "node:child_process";
import type { Clock } from "@koinon/runtime/clock";
import type { Logger } from "@koinon/runtime/logger";

/** A process to keep running. */
export interface ChildPlan {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** A child that is started again when it ends, with growing pauses while it keeps ending soon after its start. */
export interface SupervisedChild {
  pid(): number | undefined;
  /** SIGTERM, SIGKILL when that takes too long; resolves when it is gone. */
  stop(signal: AbortSignal): Promise<void>;
}

const restartDelayMsMin = 250;
const restartDelayMsMax = 10_000;
/** A child that ran this long was healthy: its next restart is immediate again. */
const healthyMs = 30_000;

/** Starts the child and keeps it running; `onStart` is called with every new process id. */
export function superviseChild(
  plan: ChildPlan,
  { log, clock, onStart }: { log: Logger; clock: Clock; onStart(pid: number): void },
): SupervisedChild {
  let child: ChildProcess | undefined;
  let stopping = false;
  let delayMs = restartDelayMsMin;
  let timer: NodeJS.Timeout | undefined;
  let gone: (() => void) | undefined;

  const launch = () => {
    const startedAt = clock.now();
    const started = spawn(plan.command, [...plan.args], {
      env: { ...plan.env },
      stdio: ["pipe", "inherit", "inherit"],
    });
    // The child reads its standard input to notice that its parent is gone.
    started.stdin?.on("error", () => undefined);
    child = started;
    if (started.pid !== undefined) onStart(started.pid);
    started.once("error", (error) => log.error({ child: plan.name, err: error }, "child could not be started"));
    started.once("close", (code, signal) => {
      child = undefined;
      if (stopping) {
        gone?.();
        return;
      }
      delayMs = clock.now() - startedAt >= healthyMs ? restartDelayMsMin : Math.min(delayMs * 2, restartDelayMsMax);
      log.warn({ child: plan.name, code, signal, restartInMs: delayMs }, "child ended and is started again");
      timer = setTimeout(launch, delayMs);
    });
  };
  launch();

  return {
    pid: () => child?.pid,
    async stop(signal) {
      stopping = true;
      clearTimeout(timer);
      const running = child;
      if (running === undefined) return;
      const ended = new Promise<void>((resolve) => {
        gone = resolve;
      });
      running.kill("SIGTERM");
      const harder = () => running.kill("SIGKILL");
      signal.addEventListener("abort", harder, { once: true });
      await ended;
      signal.removeEventListener("abort", harder);
    },
  };
}
