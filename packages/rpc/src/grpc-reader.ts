export interface MessageReaderOptions<T> {
  decode(message: Buffer): T;
  /** There is room for another message. Called after each one taken, and again when room comes back. */
  more(): void;
  /** There is no room until `more` is called again. */
  hold(): void;
  /** The reader stops before the end, by leaving or because a message could not be decoded. */
  left(): void;
}

// The HTTP/2 window bounds what else is under way; this only keeps a burst from costing a wake-up per message.
const queuedBytesMax = 256 * 1024;
const queuedMessagesMax = 1024;

/** An async iterator over the messages of a call that holds the peer back while the reader is behind. It is fed and closed from outside. */
export class MessageReader<T> implements AsyncIterableIterator<T> {
  private readonly options: MessageReaderOptions<T>;
  private queue: Buffer[] = [];
  private head = 0;
  private queuedBytes = 0;
  private held = false;
  private closed: { error?: unknown } | undefined;
  private waiting: { resolve(result: IteratorResult<T>): void; reject(error: unknown): void } | undefined;

  constructor(options: MessageReaderOptions<T>) {
    this.options = options;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T>> {
    const message = this.queue[this.head];
    if (message !== undefined) {
      this.advance(message);
      return this.decoded(message);
    }
    if (this.closed !== undefined) return this.closedResult(this.closed);
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
    });
  }

  async return(): Promise<IteratorResult<T>> {
    this.leave();
    return { done: true, value: undefined };
  }

  /** Takes the next message from the peer. */
  take(message: Buffer): void {
    if (this.closed !== undefined) return;
    const waiting = this.waiting;
    if (waiting !== undefined) {
      this.waiting = undefined;
      this.decoded(message).then(waiting.resolve, waiting.reject);
      this.options.more();
      return;
    }
    this.queue.push(message);
    this.queuedBytes += message.length;
    if (this.queuedBytes < queuedBytesMax && this.queued() < queuedMessagesMax) {
      this.options.more();
    } else {
      this.held = true;
      this.options.hold();
    }
  }

  /** No message follows: the peer ended the stream, or it broke with an error that the reader gets after what is queued. */
  close(failure?: { error: unknown }): void {
    if (this.closed !== undefined) return;
    this.closed = failure ?? {};
    const waiting = this.waiting;
    this.waiting = undefined;
    if (waiting !== undefined) this.closedResult(this.closed).then(waiting.resolve, waiting.reject);
  }

  /** The reader gets the error at once, instead of what is queued. */
  abort(error: unknown): void {
    this.dropQueue();
    if (this.closed !== undefined) this.closed = undefined;
    this.close({ error });
  }

  private queued(): number {
    return this.queue.length - this.head;
  }

  private leave(): void {
    this.dropQueue();
    if (this.closed !== undefined) return;
    this.close();
    this.options.left();
  }

  private dropQueue(): void {
    this.queue = [];
    this.head = 0;
    this.queuedBytes = 0;
  }

  private closedResult(closed: { error?: unknown }): Promise<IteratorResult<T>> {
    const { error } = closed;
    // An iterator throws once and is done afterwards.
    this.closed = {};
    return error === undefined ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(error);
  }

  private decoded(message: Buffer): Promise<IteratorResult<T>> {
    try {
      return Promise.resolve({ done: false, value: this.options.decode(message) });
    } catch (error) {
      this.leave();
      return Promise.reject(error);
    }
  }

  private advance(message: Buffer): void {
    this.head += 1;
    this.queuedBytes -= message.length;
    if (this.head === this.queue.length) this.dropQueue();
    if (this.held && this.queuedBytes < queuedBytesMax / 2 && this.queued() < queuedMessagesMax / 2) {
      this.held = false;
      this.options.more();
    }
  }
}
