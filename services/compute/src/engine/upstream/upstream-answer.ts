import type { Dispatcher } from "undici";

/** How an answer begins. */
export interface UpstreamHead {
  readonly statusCode: number;
  readonly contentType: string | undefined;
}

// More than this unread, and the socket waits.
const unreadBytesMax = 256 * 1024;

/**
 * One answer of an OpenAI-compatible server, taken from undici's dispatcher without its streams, which cost more than all else about a
 * small answer. What arrived since the last read is read as one piece. Reads must not overlap.
 */
export class UpstreamAnswer implements Dispatcher.DispatchHandler, AsyncIterableIterator<Buffer> {
  /** Rejects when there is no answer, or with the signal's reason. */
  readonly head: Promise<UpstreamHead>;
  readonly #head = Promise.withResolvers<UpstreamHead>();
  readonly #signal: AbortSignal;
  #controller: Dispatcher.DispatchController | undefined;
  #unread: Buffer[] = [];
  #unreadBytes = 0;
  #ended = false;
  #failure: { readonly error: unknown } | undefined;
  /** Releases the read that waits. */
  #wake: (() => void) | undefined;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    this.head = this.#head.promise;
    if (signal.aborted) this.#onAbort();
    else signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** What has arrived, once something has; throws what broke the answer, after what came before. */
  async next(): Promise<IteratorResult<Buffer>> {
    while (this.#unread.length === 0) {
      if (this.#failure !== undefined) throw this.#failure.error;
      if (this.#ended) return { done: true, value: undefined };
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const unread = this.#unread;
    this.#unread = [];
    this.#unreadBytes = 0;
    if (this.#controller?.paused) this.#controller.resume();
    return { done: false, value: unread.length === 1 ? (unread[0] as Buffer) : Buffer.concat(unread) };
  }

  /** The reader leaves early: the request is cancelled, unless its answer has ended. */
  async return(): Promise<IteratorResult<Buffer>> {
    this.#fail(new Error("nobody reads the answer"));
    return { done: true, value: undefined };
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#failure !== undefined) controller.abort(asError(this.#failure.error));
  }

  onResponseStart(_: Dispatcher.DispatchController, statusCode: number, headers: Record<string, unknown>): void {
    // Interim answers (RFC 9110 section 15.2) say nothing yet.
    if (statusCode < 200) return;
    const contentType = headers["content-type"];
    this.#head.resolve({ statusCode, contentType: typeof contentType === "string" ? contentType : undefined });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#unread.push(chunk);
    this.#unreadBytes += chunk.length;
    if (this.#unreadBytes > unreadBytesMax) controller.pause();
    this.#wakeReader();
  }

  onResponseEnd(): void {
    this.#ended = true;
    this.#wind();
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#fail(error);
  }

  readonly #onAbort = (): void => this.#fail(this.#signal.reason);

  #fail(error: unknown): void {
    if (this.#ended || this.#failure !== undefined) return;
    this.#failure = { error };
    this.#head.reject(error);
    this.#controller?.abort(asError(error));
    this.#wind();
  }

  #wind(): void {
    this.#signal.removeEventListener("abort", this.#onAbort);
    this.#wakeReader();
  }

  #wakeReader(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
