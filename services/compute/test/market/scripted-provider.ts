import { createHash } from "node:crypto";
import type { ServeRequest, ServeResponse } from "@koinon/contracts/koinon/compute/v1/inference";
import { ProviderServiceDefinition } from "@koinon/contracts/koinon/compute/v1/provider_service";
import type { OpenedReceipt as OpenedReceiptMessage } from "@koinon/contracts/koinon/receipt/v1/receipt";
import { commitmentOf } from "@koinon/receipts/commitment";
import { documentId } from "@koinon/receipts/document";
import { type Quote, quoteFee } from "@koinon/receipts/quote";
import { type Receipt, receiptDocument, receiptKind, receiptOutcome, zeroHash } from "@koinon/receipts/receipt";
import { bindService, type ServiceBinding } from "@koinon/rpc/binding";
import type { CallContext } from "@koinon/rpc/handler";
import { RpcError } from "@koinon/rpc/rpc-error";
import { bytesToHex, type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import type { Signer } from "@koinon/secp256k1/signer";
import { Party, type PartyOffer } from "./party.ts";

/** How a provider answers, and where it does not do what it should. */
export interface Script {
  readonly status?: number;
  readonly contentType?: string;
  readonly chunks?: readonly string[];
  readonly inputUnits?: bigint;
  readonly outputUnits?: bigint;
  /** Waited for before the head. */
  readonly beforeHead?: (context: CallContext) => Promise<void>;
  /** Waited for before the chunk of this place. */
  readonly beforeChunk?: (place: number, context: CallContext) => Promise<void>;
  /** Breaks off, with this error, before the chunk of this place. */
  readonly breakAt?: { readonly place: number; readonly error: Error };
  /** Fields of the receipt that are not what they should be. */
  readonly receipt?: Partial<Receipt>;
  /** The receipt is signed by another key. */
  readonly signer?: Signer;
  /** What is sent instead of the receipt's message. */
  readonly send?: (message: OpenedReceiptMessage) => readonly ServeResponse[];
  /** Stays in its session as if this receipt had not been signed. */
  readonly forgetReceipt?: boolean;
}

/** A JSON answer that states its usage. */
export function completionOf(content: string, inputUnits = 3, outputUnits = 2): string {
  const usage = { prompt_tokens: inputUnits, completion_tokens: outputUnits, total_tokens: inputUnits + outputUnits };
  return JSON.stringify({ object: "chat.completion", choices: [{ message: { role: "assistant", content } }], usage });
}

/** An event stream of these words, with its end. */
export function eventsOf(words: readonly string[]): string[] {
  const frames = words.map((word) => `data: ${JSON.stringify({ choices: [{ delta: { content: word } }] })}\n\n`);
  return [...frames, "data: [DONE]\n\n"];
}

/** A step of a script that takes until its call is cancelled. */
export function untilCancelled({ signal }: { readonly signal: AbortSignal }): Promise<void> {
  return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
}

/** A failure as a provider's transport would give it. */
export function unavailable(): RpcError {
  return new RpcError("UNAVAILABLE", { status: "UNAVAILABLE" });
}

/** A provider that really signs, chains its receipts and keeps them, and otherwise does what its script says. */
export class ScriptedProvider {
  readonly party: Party;
  /** What was asked, in order. */
  readonly asked: ServeRequest[] = [];
  /** Calls that were cancelled before their receipt. */
  cancelled = 0;
  /** Receipts signed, in order, as a journal keeps them. */
  readonly journal: OpenedReceiptMessage[] = [];
  script: Script = {};
  /** The script of one request, when it is not the same for all. */
  scriptOf: (request: ServeRequest) => Script = () => this.script;
  readonly #clock: { now(): number };
  readonly #sessions = new Map<string, { session: Hex; sequence: bigint; previous: Hex }>();
  readonly #quotes = new Map<Hex, Quote>();

  constructor(name: string, dependencies: { clock: { now(): number } }) {
    this.party = new Party(name);
    this.#clock = dependencies.clock;
  }

  /** A registration with these offers; requests under them are served from now on. */
  registration(offers: readonly PartyOffer[], fields: Parameters<Party["registration"]>[1] = {}) {
    for (const offer of offers) {
      const { quote, priceId } = this.party.quote(offer);
      this.#quotes.set(priceId, quote);
    }
    return this.party.registration(offers, fields);
  }

  /** Its next receipt starts another session, as after a refusal. */
  startNewSessions(): void {
    this.#sessions.clear();
  }

  binding(): ServiceBinding {
    return bindService({
      definition: ProviderServiceDefinition,
      callers: ["market"],
      faults: {
        UNAVAILABLE: "UNAVAILABLE",
        OVERLOADED: { status: "RESOURCE_EXHAUSTED", retryAfterMs: 5 },
        BROKEN: "DATA_LOSS",
      },
      handlers: { serve: (request, context) => this.#serve(request, context) },
    });
  }

  async *#serve(request: ServeRequest, context: CallContext): AsyncGenerator<ServeResponse> {
    const script = this.scriptOf(request);
    this.asked.push(request);
    const startedAt = this.#clock.now();
    const delivered = createHash("sha256");
    let deliveredBytes = 0;
    let ended = false;
    try {
      await script.beforeHead?.(context);
      const head = { status: script.status ?? 200, contentType: script.contentType ?? "application/json" };
      yield { part: { $case: "head", value: { ...head, ...emptyHead } } };
      const chunks = script.chunks ?? [completionOf("hello")];
      for (const [place, chunk] of chunks.entries()) {
        await script.beforeChunk?.(place, context);
        if (script.breakAt?.place === place) throw script.breakAt.error;
        const bytes = new TextEncoder().encode(chunk);
        delivered.update(bytes);
        deliveredBytes += bytes.length;
        yield { part: { $case: "chunk", value: bytes } };
      }
      if (script.breakAt?.place === chunks.length) throw script.breakAt.error;
      ended = true;
    } finally {
      if (!ended && script.breakAt === undefined) {
        this.cancelled++;
        const digest = bytesToHex(delivered.digest());
        if (deliveredBytes > 0) this.sign(request, digest, startedAt, receiptOutcome.cancelled, script);
      }
    }
    if ((script.status ?? 200) !== 200) return;
    const message = this.sign(request, bytesToHex(delivered.digest()), startedAt, receiptOutcome.complete, script);
    yield* script.send?.(message) ?? [{ part: { $case: "receipt", value: message } }];
  }

  /** Signs what was done and keeps it. */
  sign(
    request: ServeRequest,
    outputDigest: Hex,
    startedAt: number,
    outcome: number,
    script = this.script,
  ): OpenedReceiptMessage {
    const { party } = this;
    const consumer = bytesToHex(request.consumer);
    const chain = this.#nextOf(consumer);
    const input = { blinding: party.nonce(), digest: bytesToHex(createHash("sha256").update(request.body).digest()) };
    const output = { blinding: party.nonce(), digest: outputDigest };
    const units = { inputUnits: script.inputUnits ?? 3n, outputUnits: script.outputUnits ?? 2n };
    const quote = this.#quotes.get(bytesToHex(request.priceId)) as Quote;
    const receipt: Receipt = {
      kind: request.endpoint === 3 ? receiptKind.embedding : receiptKind.inference,
      outcome,
      requestId: bytesToHex(request.requestId),
      ...chain,
      consumer,
      provider: party.address,
      subject: bytesToHex(request.manifestHash),
      inputHash: commitmentOf(input),
      outputHash: commitmentOf(output),
      ...units,
      priceId: bytesToHex(request.priceId),
      fee: quoteFee(quote, units),
      startedAt: BigInt(startedAt),
      finishedAt: BigInt(this.#clock.now()),
      evidence: zeroHash,
      parents: [],
      ...script.receipt,
    };
    const opening = ({ blinding, digest }: typeof input) => ({
      blinding: hexToBytes(blinding),
      digest: hexToBytes(digest),
    });
    const message = {
      receipt: party.sign(receiptDocument, receipt, script.signer ?? party.serving),
      input: opening(input),
      output: opening(output),
    };
    if (script.forgetReceipt !== true) {
      this.#goOn(receipt);
      this.journal.push(message);
    }
    return message;
  }

  /** Puts a receipt of the journal into the consumer's present session: the one it was signed in has ended. */
  signAgain(message: OpenedReceiptMessage): void {
    const work = receiptDocument.struct.decode(message.receipt?.content ?? new Uint8Array());
    const receipt = { ...work, ...this.#nextOf(work.consumer) };
    this.#goOn(receipt);
    this.journal.push({ ...message, receipt: this.party.sign(receiptDocument, receipt, this.party.serving) });
  }

  /** The session's next receipt starts another one, unless that has happened already. */
  endSession(session: Hex): void {
    for (const [consumer, chain] of this.#sessions) if (chain.session === session) this.#sessions.delete(consumer);
  }

  #nextOf(consumer: string) {
    return this.#sessions.get(consumer) ?? { session: this.party.nonce(), sequence: 0n, previous: zeroHash };
  }

  #goOn(receipt: Receipt): void {
    const previous = documentId(receiptDocument, receipt, this.party.domain);
    const { session, sequence } = receipt;
    this.#sessions.set(receipt.consumer, { session, sequence: sequence + 1n, previous });
  }
}

const emptyHead = {
  provider: new Uint8Array(),
  providerName: "",
  manifestHash: new Uint8Array(),
  priceId: new Uint8Array(),
};
