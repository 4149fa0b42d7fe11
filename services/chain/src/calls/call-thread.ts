import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import {
  type CallTask,
  type CallThreadAnswer,
  type CallThreadRequest,
  type CallThreadSettings,
  endOfCalls,
  readyForCalls,
} from "./call-task.ts";

/** What a thread tells of: answers, and that it ended by itself. */
export interface CallThreadEvents {
  answered(answer: CallThreadAnswer): void;
  lost(cause: unknown): void;
}

/** The worker beside this module, as source or as built. */
const workerUrl = new URL(`./call-worker${extname(import.meta.url)}`, import.meta.url);

/** Mebibytes; a trace may be 64, and its JSON as much again. A thread that needs more ends, the process does not. */
const heapMebibytesMax = 512;

/** A thread for calls, which has at most one job at a time. */
export class CallThread {
  readonly #worker: Worker;
  readonly #unwanted = new Int32Array(new SharedArrayBuffer(4));
  readonly #ended: Promise<void>;
  /** Resolves when the thread can begin a job, which takes half a second after its start. */
  readonly ready: Promise<void>;
  #isClosing = false;

  constructor(settings: Omit<CallThreadSettings, "unwanted">, events: CallThreadEvents, url: URL = workerUrl) {
    const workerData: CallThreadSettings = { ...settings, unwanted: this.#unwanted };
    this.#worker = new Worker(url, { workerData, resourceLimits: { maxOldGenerationSizeMb: heapMebibytesMax } });
    let cause: unknown;
    const { promise, resolve: becomeReady } = Promise.withResolvers<void>();
    this.ready = promise;
    this.#worker.on("message", (message: CallThreadAnswer | typeof readyForCalls) => {
      if (message === readyForCalls) becomeReady();
      else events.answered(message);
    });
    this.#worker.on("error", (error) => {
      cause = error;
    });
    this.#ended = new Promise((resolve) => {
      this.#worker.on("exit", (exitCode) => {
        if (!this.#isClosing) events.lost(cause ?? new Error(`call thread exited with ${exitCode}`));
        resolve();
      });
    });
  }

  begin(job: number, task: CallTask, timeoutMs: number): void {
    const request: CallThreadRequest = { job, task, timeoutMs };
    this.#worker.postMessage(request);
  }

  /** Ends a job soon, with an answer that nobody wants. */
  abandon(job: number): void {
    Atomics.store(this.#unwanted, 0, job);
  }

  /** Ends the thread when it has answered. Not by terminate(): a thread that is stopped inside a native call takes the process with it. */
  close(): Promise<void> {
    this.#isClosing = true;
    this.#worker.postMessage(endOfCalls);
    return this.#ended;
  }
}
