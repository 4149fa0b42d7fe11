import { Fifo } from "./fifo.ts";
import { packedSize, packTransactions } from "./packed-batch.ts";
import { AnswerReader, type RecoveryOutcome, type RememberAuthority } from "./recovered.ts";

/** One caller's transactions on their way through the lanes. */
export interface Submission {
  readonly raws: readonly Uint8Array[];
  readonly outcomes: RecoveryOutcome[];
  unanswered: number;
  /** True when nobody waits for the outcomes any more. */
  isSettled: boolean;
  settle(error?: unknown): void;
}

interface Part {
  readonly submission: Submission;
  readonly start: number;
  readonly end: number;
}

/** What goes to a lane at once: transactions of one or more submissions. */
export interface Job {
  readonly parts: readonly Part[];
  attempts: number;
}

/** Bounds of a job; at least one transaction is in each. */
export interface JobLimits {
  readonly transactionsMax: number;
  readonly bytesMax: number;
}

/** Submissions that wait for a lane, cut into jobs: large ones are divided, small ones travel together. */
export class JobQueue {
  private readonly submissions = new Fifo<Submission>();
  /** How much of the oldest submission is in jobs already. */
  private started = 0;

  push(submission: Submission): void {
    this.submissions.push(submission);
  }

  /** The next job within these limits; undefined when nothing waits. */
  next(limits: JobLimits): Job | undefined {
    const parts: Part[] = [];
    let room = limits.transactionsMax;
    let bytes = 0;
    for (let submission = this.submissions.peek(); submission !== undefined; submission = this.submissions.peek()) {
      const start = this.started;
      let end = start;
      if (!submission.isSettled) {
        for (; end < submission.raws.length && room > 0 && bytes < limits.bytesMax; end++, room--) {
          bytes += packedSize(submission.raws[end] as Uint8Array);
        }
        if (end > start) parts.push({ submission, start, end });
        this.started = end;
        if (end < submission.raws.length) break;
      }
      this.submissions.shift();
      this.started = 0;
    }
    return parts.length === 0 ? undefined : { parts, attempts: 0 };
  }
}

/** The request that a lane gets for a job. */
export function packJob(job: Job): ArrayBuffer {
  return packTransactions(job.parts.flatMap(({ submission, start, end }) => submission.raws.slice(start, end)));
}

/** Hands a lane's answer to the submissions of its job. */
export function deliver(job: Job, answer: ArrayBuffer, remember: RememberAuthority): void {
  const transactions = job.parts.reduce((sum, { start, end }) => sum + end - start, 0);
  const reader = new AnswerReader(answer, transactions, remember);
  for (const { submission, start, end } of job.parts) {
    for (let position = start; position < end; position++) {
      if (submission.isSettled) reader.skip();
      else submission.outcomes[position] = reader.next(submission.raws[position] as Uint8Array);
    }
    submission.unanswered -= end - start;
    if (submission.unanswered === 0) submission.settle();
  }
}
