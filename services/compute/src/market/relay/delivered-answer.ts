import { createHash, type Hash } from "node:crypto";
import { bytesToHex } from "@koinon/secp256k1/hex";
import type { ObservedAnswer } from "./receipt-check.ts";
import { findStatedUsage, Tail } from "./stated-usage.ts";

const streamEnd = Buffer.from("data: [DONE]");

/**
 * The bytes of one answer on their way through: hashed, counted, and their end held back. A client must not see the end of an answer before
 * its receipt is checked, or a broken answer would look whole to it: of an event stream the chunk with `[DONE]` is held back, which costs
 * nothing until then; of any other body the last chunk.
 */
export class DeliveredAnswer {
  readonly #hash: Hash = createHash("sha256");
  readonly #tail = new Tail();
  readonly #isEventStream: boolean;
  #bytes = 0;
  #held: Uint8Array | undefined;
  #digest: ObservedAnswer["digest"] | undefined;

  constructor(options: { contentType: string }) {
    this.#isEventStream = /^text\/event-stream\b/i.test(options.contentType);
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Takes a chunk from the provider; answers what may go to the client now, in order. */
  take(chunk: Uint8Array): readonly Uint8Array[] {
    this.#hash.update(chunk);
    this.#tail.push(chunk);
    this.#bytes += chunk.length;
    const released = this.#held === undefined ? [] : [this.#held];
    if (this.#isEventStream && !endsStream(chunk)) {
      this.#held = undefined;
      return [...released, chunk];
    }
    this.#held = chunk;
    return released;
  }

  /** The chunk that was held back, once the receipt is accepted. */
  release(): Uint8Array | undefined {
    const held = this.#held;
    this.#held = undefined;
    return held;
  }

  /** What was seen; `whole` when the provider ended the answer, as opposed to the market. No chunk may be taken any more. */
  observed(whole: boolean): ObservedAnswer {
    this.#digest ??= bytesToHex(this.#hash.digest());
    const tail = this.#tail.bytes();
    return {
      digest: this.#digest,
      bytes: this.#bytes,
      whole,
      usage: whole ? findStatedUsage(tail) : undefined,
      finished: this.#isFinished(tail),
    };
  }

  #isFinished(tail: Buffer): boolean {
    const text = tail.toString("latin1").trimEnd();
    return this.#isEventStream ? text.endsWith("data: [DONE]") : text.endsWith("}");
  }
}

function endsStream(chunk: Uint8Array): boolean {
  // The mark is the last event, so it is within the last bytes of its chunk.
  const end = chunk.subarray(-(streamEnd.length + 4));
  return Buffer.from(end.buffer, end.byteOffset, end.length).includes(streamEnd);
}
