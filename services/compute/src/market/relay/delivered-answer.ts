import { bytesToHex } from "@koinon/secp256k1/hex";
import { BodyDigest } from "../../body-digest.ts";
import type { Delivered } from "../accounts/money-store.ts";
import type { ObservedAnswer } from "./receipt-check.ts";
import { findStatedUsage, Tail } from "./stated-usage.ts";
import { StreamEnd } from "./stream-end.ts";

/** An event stream that goes on for so long after its end is not going to be proved. */
const afterEndBytesMax = 65_536;

/**
 * The bytes of one answer on their way through: hashed, counted, and their end held back. A client must not see the end of an answer before
 * its receipt is checked, or a broken answer would look whole to it: of an event stream everything from `[DONE]` on is held back, which
 * costs nothing until then; of any other body the last chunk.
 */
export class DeliveredAnswer {
  readonly #hash = new BodyDigest();
  readonly #tail = new Tail();
  readonly #streamEnd: StreamEnd | undefined;
  #bytes = 0;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #digest: ObservedAnswer["digest"] | undefined;

  constructor(options: { contentType: string }) {
    this.#streamEnd = /^text\/event-stream\b/i.test(options.contentType) ? new StreamEnd() : undefined;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** True when the provider keeps sending after the end of an event stream, which nobody will ever see. */
  get goesOnAfterItsEnd(): boolean {
    return this.#streamEnd !== undefined && this.#heldBytes > afterEndBytesMax;
  }

  /** Takes a chunk from the provider; answers what may go to the client now, in order. */
  take(chunk: Uint8Array): readonly Uint8Array[] {
    this.#hash.add(chunk);
    this.#tail.push(chunk);
    this.#bytes += chunk.length;
    if (this.#streamEnd === undefined) {
      const released = this.#held;
      this.#held = [chunk];
      return released;
    }
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
    return this.#streamEnd.take(chunk) === "open" ? this.release() : [];
  }

  /** What was held back, once the receipt is accepted. */
  release(): readonly Uint8Array[] {
    const held = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    return held;
  }

  /** What was taken from the provider. No chunk may be taken any more. */
  taken(): Delivered {
    this.#digest ??= bytesToHex(this.#hash.finish());
    return { digest: this.#digest, bytes: this.#bytes };
  }

  /** What was seen; `whole` when the provider ended the answer, as opposed to the market. No chunk may be taken any more. */
  observed(whole: boolean): ObservedAnswer {
    const tail = this.#tail.bytes();
    return {
      ...this.taken(),
      whole,
      usage: whole ? findStatedUsage(tail) : undefined,
      finished: this.#isFinished(tail),
    };
  }

  #isFinished(tail: Buffer): boolean {
    const text = tail.toString("latin1").trimEnd();
    if (this.#streamEnd === undefined) return text.endsWith("}");
    return text.endsWith("data: [DONE]") || text.endsWith("data:[DONE]");
  }
}
