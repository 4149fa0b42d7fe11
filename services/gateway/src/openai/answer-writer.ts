import type { OutgoingHttpHeader, ServerResponse } from "node:http";
import { nextTick } from "node:process";

/** Options of writing an answer. */
export interface AnswerWriterOptions {
  /** How long a client may take nothing before it is given up, in milliseconds. */
  readonly stallMs: number;
}

/** Why an answer can not be written any more. */
export type Loss = "gone" | "stalled";

const LINE_FEED = 0x0a;
// As much as a socket is given at once. Copying this much costs a few microseconds; a chunk of its own costs Node about as
// much for three pieces of a vectored write.
const GATHERED_BYTES_MAX = 64 * 1024;
// How long a client has to read why its answer broke off before the connection is cut. Browsers throw away what a page has not read
// yet the moment they see a cut connection; clients that understand the event hang up by themselves and wait for nothing.
const LAST_WORD_MS = 500;

/**
 * Writes one answer to a client's socket at the pace the client takes it. Chunks that come in the same turn of the event loop
 * go out as one, when the turn's work is done: an event is never held back for a later one. When the client closes the connection before
 * the end, or takes nothing for too long, the call behind the answer is aborted and a pending write is released at once.
 */
export class AnswerWriter {
  readonly #response: ServerResponse;
  readonly #stallMs: number;
  readonly #call: AbortController;
  #loss: Loss | undefined;
  #release: (() => void) | undefined;
  #stallTimer: NodeJS.Timeout | undefined;
  #gathered: Uint8Array[] = [];
  #gatheredBytes = 0;
  #bytes = 0;
  #ended = false;
  // The last two bytes tell whether an event stream stands between two events.
  #last = LINE_FEED;
  #lastButOne = LINE_FEED;

  constructor(response: ServerResponse, options: AnswerWriterOptions, call: AbortController) {
    this.#response = response;
    this.#stallMs = options.stallMs;
    this.#call = call;
    response.on("close", this.#onClose);
  }

  /** Set once the client can not be reached. */
  get loss(): Loss | undefined {
    return this.#loss;
  }

  /** True once the status line is out, so that an error can no longer be answered as one. */
  get isStarted(): boolean {
    return this.#response.headersSent;
  }

  /** Body bytes written so far. */
  get bytes(): number {
    return this.#bytes;
  }

  start(status: number, headers: Record<string, OutgoingHttpHeader | undefined>): void {
    this.#response.writeHead(status, headers);
  }

  /** Writes a chunk; a promise when the next one has to wait. Never rejects: see `loss`. */
  write(chunk: Uint8Array): Promise<void> | undefined {
    const size = chunk.length;
    if (size === 0 || this.#loss !== undefined) return undefined;
    this.#bytes += size;
    this.#lastButOne = size > 1 ? (chunk[size - 2] as number) : this.#last;
    this.#last = chunk[size - 1] as number;
    if (this.#gathered.length === 0) nextTick(this.#flush);
    this.#gathered.push(chunk);
    this.#gatheredBytes += size;
    if (this.#gatheredBytes >= GATHERED_BYTES_MAX) this.#flush();
    return this.#response.writableNeedDrain ? this.#drained() : undefined;
  }

  /** The proper end of an answer. */
  end(chunk?: Uint8Array): void {
    if (this.#loss !== undefined) return;
    this.#flush();
    this.#ended = true;
    if (chunk === undefined) {
      this.#response.end();
      return;
    }
    this.#bytes += chunk.length;
    this.#response.end(chunk);
  }

  /**
   * The end of an answer that is not complete: the connection is closed without the last chunk that would make it look
   * whole (RFC 9112 §8). In an event stream an event says so first, on a line of its own even when the upstream stopped
   * in the middle of one, and the client has a moment to read it before the connection is closed.
   */
  breakOff(event: string | undefined): void {
    if (this.#loss !== undefined) return;
    this.#flush();
    this.#ended = true;
    const response = this.#response;
    if (event === undefined || response.destroyed) {
      response.destroy();
      return;
    }
    const betweenEvents = this.#last === LINE_FEED && this.#lastButOne === LINE_FEED;
    const cut = () => response.destroy();
    let timer = setTimeout(cut, this.#stallMs);
    response.once("close", () => clearTimeout(timer));
    response.write(`${betweenEvents ? "" : "\n\n"}data: ${event}\n\n`, () => {
      clearTimeout(timer);
      if (!response.destroyed) timer = setTimeout(cut, LAST_WORD_MS);
    });
  }

  readonly #flush = (): void => {
    const gathered = this.#gathered;
    if (gathered.length === 0 || this.#ended) return;
    this.#gathered = [];
    this.#gatheredBytes = 0;
    this.#response.write(gathered.length === 1 ? (gathered[0] as Uint8Array) : Buffer.concat(gathered));
  };

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#release = resolve;
      this.#response.once("drain", this.#onDrain);
      this.#stallTimer = setTimeout(this.#onStall, this.#stallMs);
    });
  }

  readonly #onDrain = (): void => {
    clearTimeout(this.#stallTimer);
    const release = this.#release;
    this.#release = undefined;
    release?.();
  };

  readonly #onStall = (): void => {
    this.#lose("stalled");
    this.#response.destroy();
  };

  readonly #onClose = (): void => {
    if (!this.#ended) this.#lose("gone");
    this.#onDrain();
  };

  #lose(loss: Loss): void {
    if (this.#loss !== undefined) return;
    this.#loss = loss;
    this.#call.abort(loss);
    this.#onDrain();
  }
}
