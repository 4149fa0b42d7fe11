import { Admission } from "./admission.ts";
import { IngestError, type IngestRefusal } from "./ingest-error.ts";
import { deliver, type Job, type JobLimits, JobQueue, packJob, type Submission } from "./job.ts";
import { createInThreadLane, createWorkerLane, type Lane, type LaneEvents, recoveryWorkerUrl } from "./lane.ts";
import type { RecoveryOutcome, RememberAuthority } from "./recovered.ts";

/** How senders are recovered. */
export interface RecoveryPoolOptions {
  /** Worker threads; 0 works on the calling thread. */
  readonly workers: number;
  /** Bytes of one transaction; longer ones are refused unread. */
  readonly transactionBytesMax: number;
  /** Transactions inside at once, waiting for a lane or in one. */
  readonly transactionsMax: number;
  /** Bytes inside at once. */
  readonly bytesMax: number;
  /** Callers that may wait for room. */
  readonly waitersMax: number;
  /** The worker's module; the built one unless a test has its own. */
  readonly workerUrl?: URL;
}

/** What the pool tells its owner. */
export interface RecoveryPoolEvents {
  /** Who gave the EIP-7702 authorizations of what was recovered; told before the outcome is. */
  readonly rememberAuthority: RememberAuthority;
  /** A worker ended by itself; its jobs go to another. `replaced` is false when the calling thread takes over for good. */
  workerLost(cause: unknown, replaced: boolean): void;
}

interface LaneState {
  readonly lane: Lane;
  readonly limits: JobLimits;
  /** Jobs that the lane may have at once. */
  readonly jobsMax: number;
  readonly jobs: Map<number, Job>;
}

/** A worker has its next jobs at hand, also while the calling thread is busy for half a second. */
const jobsPerWorker = 32;
/** The calling thread works on all that it has before it turns to anything else. */
const jobsInThread = 2;
const workerJob: JobLimits = { transactionsMax: 256, bytesMax: 512 * 1024 };
/** About two milliseconds of the calling thread. */
const inThreadJob: JobLimits = { transactionsMax: 32, bytesMax: 64 * 1024 };
const attemptsMax = 2;
/** Workers lost with no answer in between, after which workers are given up. */
const lossesMax = 5;

/** Hashes transactions and recovers their senders, in batches, on worker threads. */
export class RecoveryPool {
  private readonly options: RecoveryPoolOptions;
  private readonly events: RecoveryPoolEvents;
  private readonly admission: Admission;
  private readonly queue = new JobQueue();
  private readonly retries: Job[] = [];
  private readonly lanes: LaneState[] = [];
  private readonly submissions = new Set<Submission>();
  private nextJob = 0;
  private lossesInRow = 0;
  private isClosed = false;

  constructor(options: RecoveryPoolOptions, events: RecoveryPoolEvents) {
    this.options = options;
    this.events = events;
    this.admission = new Admission(options);
    for (let index = 0; index < Math.max(1, options.workers); index++) {
      this.lanes.push(this.createLane(options.workers > 0));
    }
  }

  /** What is inside and how many callers wait for room. */
  occupancy(): { transactions: number; bytes: number; waiting: number } {
    return this.admission.occupancy();
  }

  /**
   * The outcome for each transaction's bytes, in their order; waits for room first. Throws IngestError when the batch was not
   * worked on as a whole, or the signal's reason. The bytes must not change until it settles.
   */
  async recover(raws: readonly Uint8Array[], signal: AbortSignal): Promise<RecoveryOutcome[]> {
    const refusals = raws.map((raw) => this.refusal(raw));
    const accepted = raws.filter((_, index) => refusals[index] === undefined);
    const recovered = accepted.length === 0 ? [] : await this.submit(accepted, signal);
    if (accepted.length === raws.length) return recovered;
    let next = 0;
    return refusals.map((fault) => (fault === undefined ? (recovered[next++] as RecoveryOutcome) : { fault }));
  }

  /** Ends the workers, each after the jobs it has; whoever still waits gets IngestError `INGEST_CLOSED`. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.admission.close();
    for (const submission of this.submissions) submission.settle(new IngestError({ code: "INGEST_CLOSED" }));
    await Promise.all(this.lanes.map(({ lane }) => lane.close()));
  }

  private refusal(raw: Uint8Array): IngestRefusal | undefined {
    const limit = this.options.transactionBytesMax;
    // Type 3 may come with its sidecar around it, which would only be reported as malformed further on.
    if (raw[0] === 3) return { code: "BLOB_TRANSACTION_UNSUPPORTED" };
    return raw.length > limit ? { code: "TRANSACTION_TOO_LARGE", length: raw.length, limit } : undefined;
  }

  private async submit(raws: readonly Uint8Array[], signal: AbortSignal): Promise<RecoveryOutcome[]> {
    let bytes = 0;
    for (const raw of raws) bytes += raw.length;
    await this.admission.enter(raws.length, bytes, signal);
    try {
      return await this.process(raws, signal);
    } finally {
      this.admission.leave(raws.length, bytes);
    }
  }

  private async process(raws: readonly Uint8Array[], signal: AbortSignal): Promise<RecoveryOutcome[]> {
    // Both may have happened between being let in and getting here.
    signal.throwIfAborted();
    if (this.isClosed) throw new IngestError({ code: "INGEST_CLOSED" });
    const { promise, resolve, reject } = Promise.withResolvers<RecoveryOutcome[]>();
    const submission: Submission = {
      raws,
      outcomes: new Array<RecoveryOutcome>(raws.length),
      unanswered: raws.length,
      isSettled: false,
      settle(error) {
        if (this.isSettled) return;
        this.isSettled = true;
        if (error === undefined) resolve(this.outcomes);
        else reject(error);
      },
    };
    const abort = (): void => submission.settle(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    this.submissions.add(submission);
    this.queue.push(submission);
    this.dispatch();
    try {
      return await promise;
    } finally {
      this.submissions.delete(submission);
      signal.removeEventListener("abort", abort);
    }
  }

  private dispatch(): void {
    // One job for each lane before a second for any.
    for (let depth = 0; depth < jobsPerWorker; depth++) {
      for (const state of this.lanes) {
        if (state.jobs.size > depth || state.jobs.size >= state.jobsMax) continue;
        const job = this.retries.shift() ?? this.queue.next(state.limits);
        if (job === undefined) return;
        const id = this.nextJob++;
        state.jobs.set(id, job);
        state.lane.send({ job: id, request: packJob(job) });
      }
    }
  }

  private createLane(onWorker: boolean): LaneState {
    const jobs = new Map<number, Job>();
    const events: LaneEvents = {
      answered: ({ job: id, answer }) => {
        this.lossesInRow = 0;
        const job = jobs.get(id);
        jobs.delete(id);
        if (job !== undefined) deliver(job, answer, this.events.rememberAuthority);
        this.dispatch();
      },
      lost: (cause) => this.replaceLane(state, cause),
    };
    const url = this.options.workerUrl ?? recoveryWorkerUrl;
    const state: LaneState = onWorker
      ? { lane: createWorkerLane(url, events), limits: workerJob, jobsMax: jobsPerWorker, jobs }
      : { lane: createInThreadLane(events), limits: inThreadJob, jobsMax: jobsInThread, jobs };
    return state;
  }

  private replaceLane(state: LaneState, cause: unknown): void {
    if (this.isClosed) return;
    const replaced = this.options.workers > 0 && ++this.lossesInRow < lossesMax;
    this.lanes[this.lanes.indexOf(state)] = this.createLane(replaced);
    for (const job of state.jobs.values()) this.retry(job);
    this.events.workerLost(cause, replaced);
    this.dispatch();
  }

  private retry(job: Job): void {
    job.attempts++;
    if (job.attempts < attemptsMax) {
      this.retries.push(job);
      return;
    }
    const error = new IngestError({ code: "INGEST_WORKER_CRASHED", attempts: job.attempts });
    for (const { submission } of job.parts) submission.settle(error);
  }
}
