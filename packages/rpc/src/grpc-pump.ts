export interface MessagePumpOptions {
  readonly source: AsyncIterator<Buffer>;
  /** Hands a message to the HTTP/2 layer, which tells when it has been written. */
  write(message: Buffer, done: () => void): void;
  /** How many messages may be unwritten before the source waits. */
  readonly unwrittenMax: number;
  /** Called once, when the source has ended and all is written, or when it has failed. */
  ended(failure?: { error: unknown }): void;
}

// How many bytes one stream may hold in the HTTP/2 layer before its source waits.
const unwrittenBytesMax = 256 * 1024;

/** Moves messages from a source to a stream at the pace of the peer; nothing is pulled while too much is unwritten. */
export class MessagePump {
  private readonly options: MessagePumpOptions;
  private unwrittenBytes = 0;
  private unwritten = 0;
  private waiting = false;
  private sourceEnded = false;
  private stopped = false;

  constructor(options: MessagePumpOptions) {
    this.options = options;
  }

  /** Pulls the next message; the pump goes on by itself from there. */
  pull(): void {
    this.options.source.next().then(this.taken, this.failed);
  }

  /** Nothing is moved any more, and `ended` is not called. */
  stop(): void {
    this.stopped = true;
  }

  private readonly taken = (result: IteratorResult<Buffer>): void => {
    if (this.stopped) return;
    if (result.done === true) {
      this.sourceEnded = true;
      this.endWhenWritten();
      return;
    }
    const size = result.value.length;
    this.unwrittenBytes += size;
    this.unwritten += 1;
    this.options.write(result.value, () => this.written(size));
    if (this.hasRoom()) this.pull();
    else this.waiting = true;
  };

  private readonly failed = (error: unknown): void => {
    if (this.stopped) return;
    this.stopped = true;
    this.options.ended({ error });
  };

  private written(size: number): void {
    this.unwrittenBytes -= size;
    this.unwritten -= 1;
    if (this.stopped) return;
    if (this.waiting && this.hasRoom()) {
      this.waiting = false;
      this.pull();
    }
    this.endWhenWritten();
  }

  private hasRoom(): boolean {
    return this.unwrittenBytes < unwrittenBytesMax && this.unwritten < this.options.unwrittenMax;
  }

  private endWhenWritten(): void {
    if (!this.sourceEnded || this.unwritten > 0 || this.stopped) return;
    this.stopped = true;
    this.options.ended();
  }
}
