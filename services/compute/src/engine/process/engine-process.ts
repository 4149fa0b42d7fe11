import { type ChildProcess, spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";
import { EngineError } from "../errors.ts";
import { type EngineOrder, formatEngineOrder, readyLine } from "./engine-order.ts";

export interface EngineProcessOptions {
  readonly order: EngineOrder;
  /** The program to run: Node and the arguments that start `engine-main`. */
  readonly command: readonly [string, ...string[]];
  /** How long loading may take. */
  readonly startMs: number;
  readonly restart: { readonly firstDelayMs: number; readonly maxDelayMs: number };
}

export interface EngineProcessDependencies {
  readonly log: {
    info(facts: object, message: string): void;
    warn(facts: object, message: string): void;
    error(facts: object, message: string): void;
  };
  readonly clock: { now(): number };
}

export interface EngineProcessState {
  readonly state: "stopped" | "starting" | "ready" | "restarting";
  readonly pid: number | undefined;
  readonly restarts: number;
  readonly detail: string;
}

/** A process that lived this long was not broken by its start; the next delay is the first again. */
const soundLifeMs = 60_000;

/**
 * Keeps one engine process running: starts it, starts it again after a crash with growing delays, and ends it with this process, however
 * that ends (the child watches its stdin).
 */
export class EngineProcess {
  readonly #options: EngineProcessOptions;
  readonly #dependencies: EngineProcessDependencies;
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #state: EngineProcessState["state"] = "stopped";
  #detail = "";
  #restarts = 0;
  #failures = 0;

  constructor(options: EngineProcessOptions, dependencies: EngineProcessDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  get state(): EngineProcessState {
    return { state: this.#state, pid: this.#child?.pid, restarts: this.#restarts, detail: this.#detail };
  }

  /** Starts the process and resolves when it serves; rejects when it ends or takes too long before. */
  async start(signal: AbortSignal): Promise<void> {
    await mkdir(path.dirname(this.#options.order.socket), { recursive: true, mode: 0o700 });
    await this.#launch(signal);
  }

  /** Ends the process: running answers get the drain time of the order, then it is killed. */
  async stop(): Promise<void> {
    this.#state = "stopped";
    clearTimeout(this.#timer);
    const child = this.#child;
    if (child === undefined) return;
    child.kill("SIGTERM");
    const harder = setTimeout(() => child.kill("SIGKILL"), this.#options.order.drainMs + 2_000);
    await this.#exited;
    clearTimeout(harder);
  }

  async #launch(signal: AbortSignal): Promise<void> {
    const [program, ...args] = this.#options.command;
    this.#state = this.#restarts === 0 ? "starting" : "restarting";
    const startedAt = this.#dependencies.clock.now();
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.#child = child;
    this.#exited = exitOf(child).then((reason) => this.#ended(child, startedAt, reason));
    child.stdin.on("error", () => undefined);
    child.stdin.write(formatEngineOrder(this.#options.order));
    try {
      await becomesReady(child, AbortSignal.any([signal, AbortSignal.timeout(this.#options.startMs)]));
      this.#state = "ready";
      this.#detail = "";
      this.#dependencies.log.info(
        { pid: child.pid, tookMs: this.#dependencies.clock.now() - startedAt },
        "engine serves",
      );
    } catch (error) {
      child.kill("SIGKILL");
      throw error;
    }
  }

  #ended(child: ChildProcess, startedAt: number, reason: string): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    if (this.#state === "stopped") return;
    const lived = this.#dependencies.clock.now() - startedAt;
    // A first start that fails is told to who asked for it; only what has served once is started again.
    if (this.#state === "starting") return;
    this.#failures = lived >= soundLifeMs ? 0 : this.#failures + 1;
    const { firstDelayMs, maxDelayMs } = this.#options.restart;
    const delayMs = Math.min(firstDelayMs * 2 ** Math.max(this.#failures - 1, 0), maxDelayMs);
    this.#state = "restarting";
    this.#detail = reason;
    this.#restarts++;
    this.#dependencies.log.error({ reason, lived, delayMs, restarts: this.#restarts }, "engine process ended");
    this.#timer = setTimeout(() => this.#relaunch(), delayMs);
  }

  #relaunch(): void {
    this.#launch(AbortSignal.timeout(this.#options.startMs)).catch((error: unknown) => {
      this.#dependencies.log.warn({ err: error }, "engine did not start again");
    });
  }
}

function exitOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`));
  });
}

function becomesReady(child: ChildProcess, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const give = () => reject(new EngineError({ code: "ENGINE_UNAVAILABLE", reason: "not ready in time" }));
    const fail = (reason: string) => reject(new EngineError({ code: "ENGINE_UNAVAILABLE", reason }));
    if (signal.aborted) give();
    signal.addEventListener("abort", give, { once: true });
    child.once("error", (error) => fail(error.message));
    child.once("exit", (code, by) => fail(`ended while starting (${by ?? `exit code ${code}`})`));
    if (child.stdout === null) return fail("no output");
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line !== readyLine) return;
      signal.removeEventListener("abort", give);
      resolve();
    });
  });
}
