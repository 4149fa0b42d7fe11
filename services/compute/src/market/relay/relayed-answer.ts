import { RpcError } from "@koinon/rpc/rpc-error";
import type { Delivered } from "../accounts/money-store.ts";
import { MarketError } from "../errors.ts";
import { DeliveredAnswer } from "./delivered-answer.ts";
import type { DispatchedAnswer } from "./dispatch.ts";
import { type AnswerEnd, type AnswerHead, type AnswerPart, type InferenceRequest, modelKindOf } from "./inference.ts";
import type { Opening } from "./open-answer.ts";
import type { ProviderAnswer, ProviderPart } from "./provider-connection.ts";
import {
  type CheckedReceipt,
  checkOpenedReceipt,
  type OpenedReceipt,
  type ReceiptMismatch,
  type ReceiptVerdict,
} from "./receipt-check.ts";
import type { RelayDependencies } from "./relay-dependencies.ts";
import type { ReservedRequest } from "./reserved-request.ts";

/** Bounds of one answer. */
export interface RelayedAnswerOptions {
  /** Bytes of one answer; a provider that sends more is cut off. */
  readonly answerBytesMax: number;
}

/** Why an answer that had begun is not paid; stable codes. Broken answers are nobody's lie, the others are the provider's. */
type Break = "PROVIDER_BROKE_OFF" | "ANSWER_TOO_LARGE";
type Lie = ReceiptMismatch | "RECEIPT_MISSING" | "PROTOCOL_VIOLATED" | "ANSWER_GOES_ON";

/** How long a provider may take to end its stream after the receipt before the market lets go of it, in ms. */
const lingerMs = 1_000;

/** One answer that has begun, on its way from its provider to the client. */
export class RelayedAnswer {
  readonly #request: InferenceRequest;
  readonly #reserved: ReservedRequest;
  readonly #dispatched: DispatchedAnswer;
  readonly #signal: AbortSignal;
  readonly #options: RelayedAnswerOptions;
  readonly #deps: RelayDependencies;
  readonly #body: DeliveredAnswer;
  #isProved = false;
  /** The provider has been judged by how its answer ended. */
  #isJudged = false;

  constructor(
    request: InferenceRequest,
    reserved: ReservedRequest,
    dispatched: DispatchedAnswer,
    signal: AbortSignal,
    options: RelayedAnswerOptions,
    dependencies: RelayDependencies,
  ) {
    this.#request = request;
    this.#reserved = reserved;
    this.#dispatched = dispatched;
    this.#signal = signal;
    this.#options = options;
    this.#deps = dependencies;
    this.#body = new DeliveredAnswer({ contentType: dispatched.opening.contentType });
  }

  /** What was taken from the provider; no chunk is taken after this was asked. */
  get delivered(): Delivered {
    return this.#body.taken();
  }

  /** Lets go of the provider: a call that has not come to its receipt is cancelled. */
  close(): void {
    const { answer, place, candidate } = this.#dispatched;
    if (this.#isProved) endQuietly(answer);
    else answer.close();
    // A request that ended in no other way was cancelled, which says nothing about the provider.
    if (!this.#isJudged) candidate.entry.observations.abandoned();
    place.leave();
  }

  /** The parts for the client: none before the reservation is on disk, and the last bytes only after the receipt has been checked. */
  parts(): AsyncGenerator<AnswerPart, void, undefined> {
    const { opening } = this.#dispatched;
    return opening.kind === "refusal" ? this.#refusal(opening) : this.#content(opening);
  }

  async *#refusal({ status, contentType }: Extract<Opening, { kind: "refusal" }>): AsyncGenerator<AnswerPart> {
    await this.#reserved.onDisk();
    this.#refusedByEngine();
    yield this.#head(status, contentType);
    for (let chunk = await this.#refusalChunk(); chunk !== undefined; chunk = await this.#refusalChunk()) {
      yield { kind: "chunk", bytes: chunk };
    }
  }

  async *#content({ contentType, first }: Extract<Opening, { kind: "content" }>): AsyncGenerator<AnswerPart> {
    let isBegun = false;
    for (let ready = this.#body.take(first); ; ) {
      if (ready.length > 0 && !isBegun) {
        await this.#reserved.onDisk();
        yield this.#head(200, contentType);
        isBegun = true;
      }
      for (const bytes of ready) yield { kind: "chunk", bytes };
      const part = await this.#nextPart();
      if (part.kind === "chunk") {
        ready = this.#body.take(part.bytes);
        continue;
      }
      // An answer in one piece is signed and checked while the disk still writes.
      const verdict = this.#check(part.opened);
      if (!isBegun) {
        await this.#reserved.onDisk();
        yield this.#head(200, contentType);
      }
      if (!verdict.accepted) throw await this.#caught(verdict.reason, verdict.session);
      const end = this.#prove(part.opened, verdict.checked);
      // Nothing is promised to the client beyond what can be written in time.
      await this.#deps.writer.room(this.#signal);
      for (const bytes of this.#body.release()) yield { kind: "chunk", bytes };
      yield end;
      return;
    }
  }

  #head(status: number, contentType: string): AnswerHead {
    const { provider, name, offer } = this.#dispatched.candidate;
    const { subject, priceId } = offer;
    return { kind: "head", status, contentType, provider, providerName: name, subject, priceId };
  }

  /** The next chunk with content, or the receipt. */
  async #nextPart(): Promise<Exclude<ProviderPart, { kind: "head" }>> {
    for (;;) {
      const part = await this.#read();
      if (part === undefined) throw await this.#caught("RECEIPT_MISSING", undefined);
      if (part.kind === "receipt") return part;
      if (part.kind === "head") throw await this.#caught("PROTOCOL_VIOLATED", undefined);
      if (this.#body.goesOnAfterItsEnd) throw await this.#caught("ANSWER_GOES_ON", undefined);
      if (this.#body.bytes + part.bytes.length > this.#options.answerBytesMax) {
        throw await this.#broken("ANSWER_TOO_LARGE");
      }
      if (part.bytes.length > 0) return part;
    }
  }

  async #read(): Promise<ProviderPart | undefined> {
    try {
      return await this.#dispatched.answer.next();
    } catch (error) {
      this.#signal.throwIfAborted();
      if (!(error instanceof RpcError)) throw error;
      throw await this.#broken("PROVIDER_BROKE_OFF", error);
    }
  }

  /** Pays a receipt that was accepted; what it proves goes to the client as the end of the answer. */
  #prove(opened: OpenedReceipt, checked: CheckedReceipt): AnswerEnd {
    const { candidate } = this.#dispatched;
    const { sessions, registry, clock } = this.#deps;
    this.#isProved = true;
    this.#isJudged = true;
    if (checked.sessionEnded) {
      this.#reserved.settleLater(this.delivered);
    } else {
      sessions.accept(checked);
      this.#reserved.settle(checked, opened, this.delivered);
    }
    candidate.entry.observations.delivered(clock.now());
    registry.count(candidate.provider, "served");
    return endOf(checked);
  }

  #check(opened: OpenedReceipt): ReceiptVerdict {
    const { provider, offer, entry, maxFee } = this.#dispatched.candidate;
    const { domain, clock, sessions, registry } = this.#deps;
    const { requestId, endpoint, body } = this.#request;
    const { consumer, requestDigest, reservedAt } = this.#reserved;
    return checkOpenedReceipt(opened, {
      domain,
      now: clock.now(),
      expected: {
        ...{ requestId, consumer, provider, requestDigest, reservedAt },
        priceId: offer.priceId,
        quote: offer.terms,
        certificate: entry.record.registration.certificate.certificate,
        kind: modelKindOf(endpoint) === "embedding" ? "embedding" : "inference",
        requestBytes: body.length,
        amount: maxFee,
      },
      answer: this.#body.observed(true),
      sessionHead: (session) => sessions.head(session),
      hasEnded: (session) => registry.hasEnded(provider, session),
    });
  }

  /** The provider's answer broke; nobody pays. */
  async #broken(reason: Break, cause?: unknown): Promise<MarketError> {
    await this.#failed(reason, "request");
    return new MarketError({ code: "ANSWER_BROKEN", requestId: this.#request.requestId, reason }, { cause });
  }

  /** The provider's answer is not what it signed, or it did not sign; nobody pays, and it is failing. */
  async #caught(reason: Lie, session: CheckedReceipt["receipt"]["session"] | undefined): Promise<MarketError> {
    await this.#failed(reason, "none");
    this.#deps.metrics.receiptsRefused.add(1, { reason });
    this.#deps.accuse(this.#dispatched.candidate.provider, reason, session);
    return new MarketError({ code: "ANSWER_NOT_PROVED", requestId: this.#request.requestId, reason });
  }

  /** A provider that was asked in vain is called back, which is no failure of its own: then this throws like `onDisk`. */
  async #failed(reason: Break | Lie, blame: "request" | "none"): Promise<void> {
    const { entry, provider } = this.#dispatched.candidate;
    await this.#reserved.onDisk();
    this.#isJudged = true;
    this.#reserved.attempted(reason);
    this.#reserved.void(reason);
    this.#deps.registry.count(provider, "failed");
    if (blame === "none") entry.observations.abandoned();
    else entry.observations.failed(blame, this.#deps.clock.now());
  }

  /** The engine's 4xx is the client's own fault: not charged, and no fault of the provider. */
  #refusedByEngine(): void {
    this.#isJudged = true;
    this.#reserved.attempted("ENGINE_REFUSED");
    this.#reserved.void("ENGINE_REFUSED");
    this.#dispatched.candidate.entry.observations.delivered(this.#deps.clock.now());
  }

  async #refusalChunk(): Promise<Uint8Array | undefined> {
    const { requestId } = this.#request;
    try {
      const part = await this.#dispatched.answer.next();
      if (part?.kind === "chunk") {
        this.#body.take(part.bytes);
        if (this.#body.bytes <= this.#options.answerBytesMax) return part.bytes;
        throw new MarketError({ code: "ANSWER_BROKEN", requestId, reason: "ANSWER_TOO_LARGE" });
      }
      return undefined;
    } catch (error) {
      this.#signal.throwIfAborted();
      if (!(error instanceof RpcError)) throw error;
      throw new MarketError({ code: "ANSWER_BROKEN", requestId, reason: "PROVIDER_BROKE_OFF" }, { cause: error });
    }
  }
}

function endOf({ receipt, receiptId }: CheckedReceipt): AnswerEnd {
  const { fee, inputUnits, outputUnits } = receipt;
  return { kind: "end", receiptId, fee, inputUnits, outputUnits };
}

/** Reads on to the end of a stream whose receipt has come, since a provider that is cancelled right before it would call that a cancellation. */
function endQuietly(answer: ProviderAnswer): void {
  const late = setTimeout(() => answer.close(), lingerMs).unref();
  const ended = () => {
    clearTimeout(late);
    answer.close();
  };
  answer.next().then(ended, ended);
}
