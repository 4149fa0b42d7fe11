import { invariant } from "@koinon/errors/invariant";

export interface PipedStreamOptions<I, O> {
  readonly source: AsyncIterator<I>;
  map(item: I): O;
  /** Turns what the source or `map` threw into what the reader gets. */
  failure(thrown: unknown): unknown;
  /** Called once, when the source has come to rest: ended, failed, or wound up after `abort`. */
  onRest(): void;
  /** Runs a step of the source, in its asynchronous context. */
  run?(step: () => Promise<IteratorResult<I>>): Promise<IteratorResult<I>>;
}

/**
 * A pull-through stream: a read pulls one item from the source and maps it, so the source never runs ahead of its reader and
 * nothing is buffered. `abort` fails a pending read at once, even when the source does not react. Reads must not overlap.
 */
export class PipedStream<I, O> implements AsyncIterableIterator<O> {
  private readonly options: PipedStreamOptions<I, O>;
  private resolve: ((result: IteratorResult<O>) => void) | undefined;
  private reject: ((error: unknown) => void) | undefined;
  private pulling = false;
  private rested = false;
  private closed = false;
  private failed: { error: unknown } | undefined;

  constructor(options: PipedStreamOptions<I, O>) {
    this.options = options;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<O>> {
    if (this.closed) return this.nextAfterClose();
    invariant(this.resolve === undefined, "reads of a stream do not overlap");
    return new Promise(this.read);
  }

  /** The reader leaves early. */
  async return(): Promise<IteratorResult<O>> {
    this.close();
    return { done: true, value: undefined };
  }

  /** Fails the reader and winds the source up. */
  abort(error: unknown): void {
    if (this.closed) return;
    const reject = this.reject;
    if (reject === undefined) this.failed = { error };
    this.close();
    reject?.(error);
  }

  private async nextAfterClose(): Promise<IteratorResult<O>> {
    const failed = this.failed;
    this.failed = undefined;
    if (failed !== undefined) throw failed.error;
    return { done: true, value: undefined };
  }

  private close(): void {
    if (this.closed) return;
    this.closed = true;
    this.settle();
    const end = this.options.source.return?.();
    if (end === undefined) {
      if (!this.pulling) this.rest();
    } else {
      end.then(this.rest, this.rest);
    }
  }

  // The functions below are made once per stream so that a chunk costs no closures.
  private readonly read = (resolve: (result: IteratorResult<O>) => void, reject: (error: unknown) => void): void => {
    this.resolve = resolve;
    this.reject = reject;
    this.pulling = true;
    try {
      const { run } = this.options;
      (run === undefined ? this.step() : run(this.step)).then(this.taken, this.thrown);
    } catch (error) {
      this.thrown(error);
    }
  };

  private readonly step = (): Promise<IteratorResult<I>> => this.options.source.next();

  private readonly taken = (result: IteratorResult<I>): void => {
    this.pulling = false;
    if (this.closed) {
      if (result.done === true || this.options.source.return === undefined) this.rest();
      return;
    }
    const resolve = this.resolve;
    if (result.done === true) {
      this.closed = true;
      this.settle();
      this.rest();
      resolve?.(result);
      return;
    }
    try {
      const value = this.options.map(result.value);
      this.settle();
      resolve?.({ done: false, value });
    } catch (error) {
      const reject = this.reject;
      this.close();
      reject?.(this.options.failure(error));
    }
  };

  private readonly thrown = (error: unknown): void => {
    this.pulling = false;
    const reject = this.reject;
    const wasClosed = this.closed;
    this.closed = true;
    this.settle();
    if (!wasClosed) reject?.(this.options.failure(error));
    this.rest();
  };

  private settle(): void {
    this.resolve = undefined;
    this.reject = undefined;
  }

  private readonly rest = (): void => {
    if (this.rested) return;
    this.rested = true;
    this.options.onRest();
  };
}
