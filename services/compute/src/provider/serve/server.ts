import { hash } from "node:crypto";
import type { AnswerHead, ServeRequest, ServeResponse } from "@koinon/contracts/koinon/compute/v1/inference";
import { BodyDigest } from "../../body-digest.ts";
import { Admission } from "../../engine/admission.ts";
import type { AnswerEngine, EngineAnswer } from "../../engine/answer-engine.ts";
import { EngineError } from "../../engine/errors.ts";
import { ApiError, encodeApiError } from "../../openai/api-error.ts";
import { ProviderError } from "../errors.ts";
import type { JournaledReceipt } from "../journal/journal-record.ts";
import type { ReceiptJournal } from "../journal/receipt-journal.ts";
import type { ProviderMetrics, ServedEnding } from "../metrics.ts";
import type { Offers, QuotedModel } from "../offers.ts";
import type { Commitment, ReceiptSigner } from "./receipt-signer.ts";
import { outputUnitsWithin, readServeOrder, type ServeOrder } from "./serve-order.ts";

export interface ServerOptions {
  /** Requests served at once. */
  readonly capacity: number;
  /** Requests that may wait for a place. */
  readonly queueMax: number;
}

export interface ServerDependencies {
  readonly engine: AnswerEngine;
  readonly offers: Offers;
  readonly journal: ReceiptJournal;
  readonly signer: ReceiptSigner;
  readonly clock: { now(): number };
  readonly metrics: ProviderMetrics;
}

const partBytesMax = 1024 * 1024;

/** Serves requests: engine's bytes out, units metered, receipt signed over exactly the bytes that were taken. */
export class Server {
  readonly #dependencies: ServerDependencies;
  readonly #admission: Admission;
  readonly #serving = new Set<string>();
  #draining = false;

  constructor(options: ServerOptions, dependencies: ServerDependencies) {
    this.#dependencies = dependencies;
    this.#admission = new Admission({
      places: options.capacity,
      queueMax: options.queueMax,
      refuse: (overload) => new ProviderError({ code: "PROVIDER_OVERLOADED", ...overload }),
    });
  }

  get active(): number {
    return this.#admission.active;
  }

  get queued(): number {
    return this.#admission.queued;
  }

  /** Takes no new requests from now on. */
  beginDrain(): void {
    this.#draining = true;
  }

  /** Resolves when no request is being served. */
  idle(): Promise<void> {
    return this.#admission.idle();
  }

  async *serve(request: ServeRequest, signal: AbortSignal): AsyncGenerator<ServeResponse> {
    let accepted: ServeOrder | undefined;
    let leave: (() => void) | undefined;
    try {
      const { order, quoted } = this.#accept(request);
      accepted = order;
      this.#serving.add(order.requestId);
      leave = this.#admission.tryEnter() ?? (await this.#admission.enter(signal));
      yield* this.#answer(order, quoted, signal);
    } catch (error) {
      if (error instanceof ProviderError) this.#dependencies.metrics.refused(error.code);
      throw error;
    } finally {
      if (accepted !== undefined) this.#serving.delete(accepted.requestId);
      leave?.();
    }
  }

  #accept(request: ServeRequest): { order: ServeOrder; quoted: QuotedModel } {
    const { offers, journal } = this.#dependencies;
    const order = readServeOrder(request);
    journal.settle(order.settledReceipts);
    if (this.#draining) throw new ProviderError({ code: "PROVIDER_DRAINING" });
    const quoted = offers.find(order.priceId, order.manifest);
    assertServed(order, quoted);
    journal.assertRoom();
    if (this.#serving.has(order.requestId) || journal.hasRequest(Buffer.from(request.requestId))) {
      throw new ProviderError({ code: "REQUEST_ALREADY_SERVED", requestId: order.requestId });
    }
    return { order, quoted };
  }

  async *#answer(order: ServeOrder, quoted: QuotedModel, signal: AbortSignal): AsyncGenerator<ServeResponse> {
    const { clock, metrics, signer } = this.#dependencies;
    const startedAt = clock.now();
    const asked = this.#ask(order, quoted, signal);
    // The engine is at work meanwhile.
    const input = signer.commit(hash("sha256", order.body, "buffer"));
    const answer = await asked;
    if (answer instanceof ApiError) {
      metrics.finished("refused", clock.now() - startedAt);
      yield headOf(answer.body.status, "application/json", quoted);
      yield chunkOf(encodeApiError(answer.body));
      return;
    }
    const work = new DeliveredBody();
    let ending: ServedEnding = "cancelled";
    try {
      for await (const bytes of answer.body) {
        if (work.sizeBytes === 0) {
          metrics.firstByte(clock.now() - startedAt);
          yield headOf(200, answer.contentType, quoted);
        }
        for (const part of inParts(bytes)) {
          work.add(part);
          yield chunkOf(part);
        }
      }
      ending = "complete";
    } catch (error) {
      if (signal.aborted) throw error;
      ending = "broken";
      throw brokenAnswer(error);
    } finally {
      metrics.finished(ending, clock.now() - startedAt);
      if (ending === "cancelled" && work.sizeBytes > 0)
        this.#sign(order, quoted, answer, { input, work, startedAt, outcome: "cancelled" });
    }
    if (work.sizeBytes === 0) throw new ProviderError({ code: "ANSWER_BROKEN", reason: "the engine answered nothing" });
    const receipt = this.#sign(order, quoted, answer, { input, work, startedAt, outcome: "complete" });
    yield { part: { $case: "receipt", value: receiptToMessage(receipt) } };
  }

  /** The engine's answer, or its refusal. Throws what makes the market try somebody else. */
  async #ask(order: ServeOrder, quoted: QuotedModel, signal: AbortSignal): Promise<EngineAnswer | ApiError> {
    const { model, quote } = quoted;
    let knownInput = -1;
    let knownMax = 0;
    const outputUnitsMax = (inputUnits: number) => {
      if (inputUnits !== knownInput) knownMax = outputUnitsWithin(quote, order.maxFee, inputUnits);
      knownInput = inputUnits;
      return knownMax;
    };
    const call = {
      endpoint: order.endpoint,
      body: order.body,
      model: model.engineModel,
      modelName: model.name,
      requestId: order.requestId.slice(34),
      outputUnitsMax,
    };
    try {
      return await this.#dependencies.engine.answer(call, signal);
    } catch (error) {
      if (error instanceof ApiError) return error;
      if (signal.aborted) throw error;
      throw unavailable(error);
    }
  }

  #sign(
    order: ServeOrder,
    quoted: QuotedModel,
    answer: EngineAnswer,
    done: { input: Commitment; work: DeliveredBody; startedAt: number; outcome: "complete" | "cancelled" },
  ): JournaledReceipt {
    const { signer, clock, metrics } = this.#dependencies;
    const { requestId, consumer, priceId } = order;
    const { input, work, startedAt, outcome } = done;
    const { inputUnits, outputUnits } = answer.usage;
    const receipt = signer.sign({
      kind: order.endpoint === "embeddings" ? "embedding" : "inference",
      outcome,
      requestId,
      consumer,
      subject: quoted.subject,
      priceId,
      prices: quoted.quote,
      input,
      output: signer.commit(work.digest()),
      inputUnits,
      outputUnits,
      startedAt,
      finishedAt: clock.now(),
    });
    metrics.metered(inputUnits, outputUnits);
    return receipt;
  }
}

/** The bytes that were handed over so far. */
class DeliveredBody {
  readonly #digest = new BodyDigest();
  sizeBytes = 0;

  add(bytes: Uint8Array): void {
    this.#digest.add(bytes);
    this.sizeBytes += bytes.length;
  }

  digest(): Buffer {
    return this.#digest.finish();
  }
}

function assertServed(order: ServeOrder, { model }: QuotedModel): void {
  const wanted = order.endpoint === "embeddings" ? "embedding" : "chat";
  if (model.kind !== wanted) {
    throw new ProviderError({ code: "ENDPOINT_NOT_SERVED", endpoint: order.endpoint, kind: model.kind });
  }
}

/** Names of provider and model are the market's to fill in, except what identifies the answer. */
function headOf(status: number, contentType: string, { subject, priceId }: QuotedModel): ServeResponse {
  const head: AnswerHead = {
    status,
    contentType,
    provider: new Uint8Array(),
    providerName: "",
    manifestHash: Buffer.from(subject.slice(2), "hex"),
    priceId: Buffer.from(priceId.slice(2), "hex"),
  };
  return { part: { $case: "head", value: head } };
}

/** A large body in messages that every hop takes; nearly always the chunk itself. */
function inParts(bytes: Uint8Array): readonly Uint8Array[] {
  if (bytes.length <= partBytesMax) return [bytes];
  const count = Math.ceil(bytes.length / partBytesMax);
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * partBytesMax, (i + 1) * partBytesMax));
}

function chunkOf(bytes: Uint8Array): ServeResponse {
  return { part: { $case: "chunk", value: bytes } };
}

function unavailable(error: unknown): unknown {
  if (!(error instanceof EngineError)) return error;
  switch (error.fault.code) {
    case "ENGINE_OVERLOADED":
      return new ProviderError({ code: "ENGINE_OVERLOADED" }, { cause: error });
    case "ENGINE_FAILED":
      return brokenAnswer(error);
    default:
      return new ProviderError({ code: "ENGINE_UNAVAILABLE", reason: error.message }, { cause: error });
  }
}

function brokenAnswer(error: unknown): ProviderError {
  const reason = error instanceof EngineError ? error.message : "the engine broke off";
  return new ProviderError({ code: "ANSWER_BROKEN", reason }, { cause: error });
}

/** A receipt with its openings for the wire. */
export function receiptToMessage(receipt: JournaledReceipt) {
  return {
    receipt: { content: receipt.content, signature: receipt.signature },
    input: { blinding: receipt.inputBlinding, digest: receipt.inputDigest },
    output: { blinding: receipt.outputBlinding, digest: receipt.outputDigest },
  };
}
