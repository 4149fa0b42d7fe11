/** The writing half of a grpc-js stream. */
export interface MessageSink {
  write(message: Buffer, done: () => void): unknown;
}

// How much one stream may hold in the HTTP/2 layer before its producer waits.
const pendingBytesMax = 256 * 1024;
const pendingMessagesMax = 64;

/**
 * Moves messages from a source to a stream at the pace of the peer. `ended` is called once, when the source has ended or failed;
 * nothing is pulled while too much is unwritten or after `stop`.
 */
export class MessagePump {
  private readonly source: AsyncIterator<Buffer>;
  private readonly sink: MessageSink;
  private readonly ended: (failure?: { error: unknown }) => void;
  private pendingBytes = 0;
  private pendingMessages = 0;
  private waiting = false;
  private stopped = false;

  constructor(source: AsyncIterator<Buffer>, sink: MessageSink, ended: (failure?: { error: unknown }) => void) {
    this.source = source;
    this.sink = sink;
    this.ended = ended;
  }

  /** Pulls the next message unless too much is unwritten. */
  pull(): void {
    this.source.next().then(this.taken, this.failed);
  }

  stop(): void {
    this.stopped = true;
  }

  private readonly taken = (result: IteratorResult<Buffer>): void => {
    if (this.stopped) return;
    if (result.done === true) {
      this.stopped = true;
      this.ended();
      return;
    }
    const size = result.value.length;
    this.pendingBytes += size;
    this.pendingMessages += 1;
    this.sink.write(result.value, () => this.written(size));
    if (this.pendingBytes < pendingBytesMax && this.pendingMessages < pendingMessagesMax) this.pull();
    else this.waiting = true;
  };

  private readonly failed = (error: unknown): void => {
    if (this.stopped) return;
    this.stopped = true;
    this.ended({ error });
  };

  private written(size: number): void {
    this.pendingBytes -= size;
    this.pendingMessages -= 1;
    if (!this.waiting || this.stopped || this.pendingBytes >= pendingBytesMax) return;
    if (this.pendingMessages >= pendingMessagesMax) return;
    this.waiting = false;
    this.pull();
  }
}
