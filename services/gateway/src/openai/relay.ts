import type { OutgoingHttpHeader, ServerResponse } from "node:http";
import type { AnswerHead, InferRequest, InferResponse } from "@koinon/contracts/koinon/compute/v1/inference";
import type { MarketServiceDefinition } from "@koinon/contracts/koinon/compute/v1/market_service";
import { assertNever } from "@koinon/errors/invariant";
import type { Client } from "@koinon/rpc/handler";
import { bytesToHex } from "@koinon/secp256k1/hex";
import { GatewayError } from "../errors.ts";
import { AnswerWriter } from "./answer-writer.ts";
import { Patience, type PatienceOptions } from "./patience.ts";

/** Options of the relay. */
export interface RelayOptions extends PatienceOptions {
  /** The longest that one answer may take, in milliseconds. */
  readonly timeoutMs: number;
  /** How long a client may take nothing of its answer, in milliseconds. */
  readonly stallMs: number;
}

/** What the relay works with. */
export interface RelayDependencies {
  readonly market: Pick<Client<MarketServiceDefinition>, "infer">;
  readonly clock: { now(): number };
}

/** Where an answer goes. */
export interface AnswerSink {
  readonly response: ServerResponse;
  /** Called once, right before the first byte: takes the response over and yields the headers to send besides the answer's own. */
  commit(): Record<string, OutgoingHttpHeader | undefined>;
  /** What an event stream says at its end when this broke it: one line of JSON. */
  errorEvent(thrown: unknown): string;
}

/** How an exchange ended, for metrics: `refused` is the engine's own 4xx, `broken` an upstream that failed after the first byte. */
export type Outcome = "complete" | "refused" | "broken" | "client_gone" | "client_stalled";

/** What happened in one exchange. */
export interface Exchange {
  readonly outcome: Outcome;
  readonly status: number;
  readonly bytes: number;
  /** What broke the answer, when something did. */
  readonly thrown?: unknown;
}

// A JSON answer means nothing before its last byte, so up to this size it is kept until it is complete and settled: it then
// goes out in one piece with its length, and an upstream that breaks still becomes a typed 502 instead of a cut connection.
const HELD_BYTES_MAX = 256 * 1024;

/** Relays answers of the market to clients, byte for byte. */
export class Relay {
  readonly #options: RelayOptions;
  readonly #deps: RelayDependencies;

  constructor(options: RelayOptions, dependencies: RelayDependencies) {
    this.#options = options;
    this.#deps = dependencies;
  }

  /** Serves one request. Rejects only as long as nothing has been committed; the sink's owner then answers the error. */
  async serve(request: InferRequest, sink: AnswerSink): Promise<Exchange> {
    const abort = new AbortController();
    const writer = new AnswerWriter(sink.response, this.#options, abort);
    const answer = new Answer(writer, sink);
    try {
      await this.#relay(request, answer, abort.signal);
      return answer.finish();
    } catch (error) {
      // The client has its whole answer: how the call ended after that changes nothing.
      if (answer.isComplete) return answer.finish();
      if (writer.loss === undefined && !writer.isStarted) throw error;
      return { ...answer.fail(sink.errorEvent(error)), thrown: error };
    }
  }

  /** Asks the market until it begins to answer, and passes the answer on. */
  async #relay(request: InferRequest, answer: Answer, signal: AbortSignal): Promise<void> {
    let patience: Patience | undefined;
    for (;;) {
      try {
        return await this.#relayOnce(request, answer, signal);
      } catch (error) {
        if (answer.hasBegun || signal.aborted) throw error;
        patience ??= new Patience(this.#options, this.#deps);
        await patience.afterFailure(error, signal);
      }
    }
  }

  async #relayOnce(request: InferRequest, answer: Answer, signal: AbortSignal): Promise<void> {
    const parts = this.#deps.market.infer(request, { signal, timeoutMs: this.#options.timeoutMs });
    for await (const message of parts) {
      const wait = answer.take(message.part);
      if (wait !== undefined) await wait;
      // Leaving the loop cancels the call; the signal has done so already.
      if (answer.isLost) return;
    }
  }
}

/** The answer of one exchange as it comes in and goes out. */
class Answer {
  readonly #writer: AnswerWriter;
  readonly #sink: AnswerSink;
  #head: AnswerHead | undefined;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #isComplete = false;

  constructor(writer: AnswerWriter, sink: AnswerSink) {
    this.#writer = writer;
    this.#sink = sink;
  }

  /** True once the market has said anything of an answer. */
  get hasBegun(): boolean {
    return this.#head !== undefined;
  }

  get isLost(): boolean {
    return this.#writer.loss !== undefined;
  }

  /** True once the last byte has been written. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  take(part: InferResponse["part"]): Promise<void> | undefined {
    switch (part?.$case) {
      case "head":
        if (this.#head !== undefined) throw new GatewayError({ code: "UPSTREAM_BROKEN", cut: "second head" });
        this.#head = part.value;
        return undefined;
      case "chunk":
        return this.#takeChunk(part.value);
      case "end":
        // Nothing follows that the client would have to wait for.
        this.#complete();
        return undefined;
      case undefined:
        return undefined;
      default:
        return assertNever(part);
    }
  }

  #takeChunk(chunk: Uint8Array): Promise<void> | undefined {
    if (this.#isComplete) throw new GatewayError({ code: "UPSTREAM_BROKEN", cut: "chunk after the end" });
    if (this.#writer.isStarted) return this.#writer.write(chunk);
    const head = this.#requireHead();
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
    if (!isEventStream(head) && this.#heldBytes <= HELD_BYTES_MAX) return undefined;
    this.#start(head, undefined);
    return this.#writer.write(this.#takeHeld());
  }

  /** The upstream has ended as it should. */
  finish(): Exchange {
    this.#complete();
    return this.#exchange((this.#head?.status ?? 0) >= 400 ? "refused" : "complete");
  }

  /** The upstream has failed, or the client has gone. */
  fail(event: string): Exchange {
    this.#writer.breakOff(this.#head !== undefined && isEventStream(this.#head) ? event : undefined);
    return this.#exchange("broken");
  }

  #complete(): void {
    if (this.isLost || this.#isComplete) return;
    const head = this.#requireHead();
    this.#isComplete = true;
    if (this.#writer.isStarted) {
      this.#writer.end();
    } else {
      this.#start(head, this.#heldBytes);
      this.#writer.end(this.#takeHeld());
    }
  }

  #requireHead(): AnswerHead {
    if (this.#head === undefined) throw new GatewayError({ code: "UPSTREAM_BROKEN", cut: "no head" });
    return this.#head;
  }

  #takeHeld(): Uint8Array {
    const held = this.#held;
    this.#held = [];
    return held.length === 1 ? (held[0] as Uint8Array) : Buffer.concat(held);
  }

  #start(head: AnswerHead, lengthBytes: number | undefined): void {
    const headers = this.#sink.commit();
    headers["content-type"] = head.contentType;
    if (head.provider.length > 0) headers["x-koinon-provider"] = bytesToHex(head.provider);
    if (head.providerName !== "") headers["x-koinon-provider-name"] = headerText(head.providerName);
    if (head.manifestHash.length > 0) headers["x-koinon-model"] = bytesToHex(head.manifestHash);
    if (head.priceId.length > 0) headers["x-koinon-price"] = bytesToHex(head.priceId);
    if (lengthBytes !== undefined) headers["content-length"] = lengthBytes;
    if (isEventStream(head)) {
      headers["cache-control"] = "no-cache";
      // nginx and its kin would collect the events otherwise.
      headers["x-accel-buffering"] = "no";
    }
    this.#writer.start(head.status, headers);
  }

  #exchange(outcome: Outcome): Exchange {
    const { loss, bytes } = this.#writer;
    const actual = loss === undefined ? outcome : loss === "gone" ? "client_gone" : "client_stalled";
    return { outcome: actual, status: this.#head?.status ?? 0, bytes };
  }
}

/** Names may be of any script, header values may not (RFC 9110 §5.5). */
function headerText(text: string): string {
  return /^[\x20-\x7e]*$/.test(text) ? text : encodeURIComponent(text);
}

function isEventStream(head: AnswerHead): boolean {
  return head.contentType.startsWith("text/event-stream");
}
