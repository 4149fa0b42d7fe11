import type { AccountProof } from "@koinon/state/account-proof";
import type { BlockRef, CallMessage, CallOutcome, ChainCalls, GasEstimate, ProofRequest } from "../chain-view.ts";
import { ChainError } from "../errors.ts";
import { unpackTransactions } from "../ingest/packed-batch.ts";
import type { JsonRpcLimits } from "../jsonrpc/limits.ts";
import { JsonText } from "../jsonrpc/message.ts";
import type { CallTask, CallTaskKind, CallTasks, CallThreadAnswer, CallThreadSettings } from "./call-task.ts";
import { CallThread, type CallThreadEvents } from "./call-thread.ts";
import { restoreError } from "./carried-error.ts";

/** Bounds of calls. */
export interface CallPoolOptions {
  /** Threads at most; each is started when there is something to do for it. */
  readonly threads: number;
  /** Calls that wait for a thread. */
  readonly waitingMax: number;
  /** Milliseconds on a thread of a call or an estimate. */
  readonly callTimeoutMs: number;
  /** Milliseconds on a thread of a trace, a simulation, a search or a proof. */
  readonly searchTimeoutMs: number;
}

/** What the pool works with. */
export interface CallPoolDependencies {
  readonly thread: Omit<CallThreadSettings, "unwanted">;
  /** The worker's module; the built one unless a test has its own. */
  readonly workerUrl?: URL;
  /** A thread ended by itself, its job with it; another one is started when it is needed. */
  threadLost(cause: unknown): void;
}

interface Job {
  readonly id: number;
  readonly task: CallTask;
  readonly isLong: boolean;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  timer: NodeJS.Timeout | undefined;
  settle(outcome: { readonly answer: unknown } | { readonly error: unknown }): void;
}

interface Lane {
  readonly thread: CallThread;
  job: Job | undefined;
}

/** The short ones; everything else may take longer, and leaves one thread to these. */
const shortMethods: ReadonlySet<string> = new Set([
  ...["eth_call", "eth_estimateGas", "eth_createAccessList"],
  ...["eth_gasPrice", "eth_maxPriorityFeePerGas", "eth_blobBaseFee"],
  ...["eth_getBlockByNumber", "eth_getBlockByHash", "eth_getTransactionBySenderAndNonce"],
  ...["eth_getBlockReceipts", "debug_getRawBlock", "debug_getRawReceipts"],
]);

/**
 * A thread answers by itself when the time is over, as soon as the instruction that it is at is done, be it a large precompile. The
 * caller does not wait for that longer.
 */
const graceMs = 250;

/** Calls, traces, simulations and searches on threads of their own, so that blocks and simple questions do not wait for them. */
export class CallPool implements ChainCalls {
  readonly #options: CallPoolOptions;
  readonly #dependencies: CallPoolDependencies;
  readonly #waiting: Job[] = [];
  readonly #lanes: Lane[] = [];
  #jobs = 0;
  #isClosed = false;

  constructor(options: CallPoolOptions, dependencies: CallPoolDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  occupancy(): { readonly waiting: number; readonly running: number } {
    return { waiting: this.#waiting.length, running: this.#lanes.filter(({ job }) => job !== undefined).length };
  }

  call(message: CallMessage, at: BlockRef, signal: AbortSignal): Promise<CallOutcome> {
    return this.#run("call", { message, at }, signal);
  }

  estimate(message: CallMessage, at: BlockRef, signal: AbortSignal): Promise<GasEstimate> {
    return this.#run("estimate", { message, at }, signal);
  }

  async request(
    method: string,
    params: readonly unknown[],
    limits: JsonRpcLimits,
    signal: AbortSignal,
  ): Promise<JsonText> {
    return new JsonText(await this.#run("request", { method, params, limits }, signal));
  }

  proof(request: ProofRequest, signal: AbortSignal): Promise<AccountProof> {
    return this.#run("proof", request, signal);
  }

  async rawTransactions(at: BlockRef, signal: AbortSignal): Promise<readonly Uint8Array[]> {
    return unpackTransactions(await this.#run("rawTransactions", { at }, signal));
  }

  /** Ends the threads; whoever waits or is being answered gets ChainError `CALLS_CLOSED`. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const error = new ChainError({ code: "CALLS_CLOSED" });
    for (const job of this.#waiting.splice(0)) job.settle({ error });
    for (const { thread, job } of this.#lanes) {
      if (job !== undefined) thread.abandon(job.id);
      job?.settle({ error });
    }
    await Promise.all(this.#lanes.map(({ thread }) => thread.close()));
  }

  async #run<K extends CallTaskKind>(
    kind: K,
    given: CallTasks[K]["given"],
    signal: AbortSignal,
  ): Promise<CallTasks[K]["answer"]> {
    signal.throwIfAborted();
    if (this.#isClosed) throw new ChainError({ code: "CALLS_CLOSED" });
    const { waitingMax, callTimeoutMs, searchTimeoutMs } = this.#options;
    if (this.#waiting.length >= waitingMax) throw new ChainError({ code: "CALLS_OVERLOADED", limit: waitingMax });
    const task = { kind, given } as CallTask;
    const isLong = isLongTask(task);
    const { promise, resolve, reject } = Promise.withResolvers<CallTasks[K]["answer"]>();
    const onAbort = (): void => this.#abort(job);
    this.#jobs = (this.#jobs % 0x7fff_ffff) + 1;
    const job: Job = {
      id: this.#jobs,
      ...{ task, isLong, signal, timeoutMs: isLong ? searchTimeoutMs : callTimeoutMs, timer: undefined },
      settle: (outcome) => {
        clearTimeout(job.timer);
        signal.removeEventListener("abort", onAbort);
        if ("answer" in outcome) resolve(outcome.answer as CallTasks[K]["answer"]);
        else reject(outcome.error);
      },
    };
    signal.addEventListener("abort", onAbort, { once: true });
    this.#waiting.push(job);
    this.#dispatch();
    return promise;
  }

  #abort(job: Job): void {
    const index = this.#waiting.indexOf(job);
    if (index >= 0) this.#waiting.splice(index, 1);
    this.#lanes.find((lane) => lane.job === job)?.thread.abandon(job.id);
    job.settle({ error: job.signal.reason });
  }

  #dispatch(): void {
    while (!this.#isClosed) {
      const next = this.#waiting.findIndex((job) => !job.isLong || this.#mayBeginLong());
      if (next < 0) return;
      const lane = this.#lanes.find(({ job }) => job === undefined) ?? this.#addLane();
      if (lane === undefined) return;
      const [job] = this.#waiting.splice(next, 1) as [Job];
      this.#begin(lane, job);
    }
  }

  #begin(lane: Lane, job: Job): void {
    const { thread } = lane;
    const { timeoutMs } = job;
    try {
      thread.begin(job.id, job.task, timeoutMs);
    } catch (error) {
      // What can not be copied is the job's fault: the thread has not seen it and is free.
      job.settle({ error });
      return;
    }
    lane.job = job;
    void thread.ready.then(() => {
      if (lane.job !== job) return;
      const error = new ChainError({ code: "CALL_TIMEOUT", timeoutMs });
      job.timer = setTimeout(() => job.settle({ error }), timeoutMs + graceMs);
    });
  }

  #mayBeginLong(): boolean {
    const running = this.#lanes.filter(({ job }) => job?.isLong === true).length;
    return running < Math.max(1, this.#options.threads - 1);
  }

  #addLane(): Lane | undefined {
    if (this.#lanes.length >= this.#options.threads) return undefined;
    const events: CallThreadEvents = {
      answered: (answer) => this.#answered(lane, answer),
      lost: (cause) => this.#lost(lane, cause),
    };
    const thread = new CallThread(this.#dependencies.thread, events, this.#dependencies.workerUrl);
    const lane: Lane = { thread, job: undefined };
    this.#lanes.push(lane);
    return lane;
  }

  #answered(lane: Lane, answer: CallThreadAnswer): void {
    const { job } = lane;
    lane.job = undefined;
    job?.settle("error" in answer ? { error: restoreError(answer.error) } : answer);
    this.#dispatch();
  }

  #lost(lane: Lane, cause: unknown): void {
    if (this.#isClosed) return;
    this.#lanes.splice(this.#lanes.indexOf(lane), 1);
    lane.job?.settle({ error: new ChainError({ code: "CALL_THREAD_LOST" }, { cause }) });
    this.#dependencies.threadLost(cause);
    this.#dispatch();
  }
}

function isLongTask({ kind, given }: CallTask): boolean {
  if (kind === "request") return !shortMethods.has(given.method);
  return kind === "proof";
}
