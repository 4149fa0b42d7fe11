import { Pool } from "undici";
import { findStatedUsage, type StatedUsage } from "../../market/relay/stated-usage.ts";
import { ApiError } from "../../openai/api-error.ts";
import { reservationTooSmall } from "../../openai/metered-events.ts";
import { parseRequestBody } from "../../openai/request-reader.ts";
import type { AnswerEngine, Endpoint, EngineAnswer, EngineCall, UsageMeter } from "../answer-engine.ts";
import { EngineError } from "../errors.ts";
import type { EngineHealth } from "../generator.ts";
import { StreamTap } from "./stream-tap.ts";
import { UpstreamAnswer } from "./upstream-answer.ts";
import { upstreamRefusal, upstreamUnreachable } from "./upstream-errors.ts";
import { upstreamRequest } from "./upstream-request.ts";

export interface OpenAiUrlOptions {
  /** Base URL, as OpenAI clients take it: `http://127.0.0.1:8000/v1`. */
  readonly baseUrl: string;
  readonly apiKey?: string | undefined;
  readonly connections: number;
  /** How long the first byte of an answer may take, and each next one. */
  readonly silenceMs: number;
}

const paths: Record<Endpoint, string> = {
  chat: "/chat/completions",
  completions: "/completions",
  embeddings: "/embeddings",
};
/** 2048 vectors of 4096 numbers as text. */
const bodyBytesMax = 192 * 1024 * 1024;
const errorBytesMax = 64 * 1024;

/**
 * Any server that speaks OpenAI's API (vLLM, Ollama, TGI, …). Its bytes are relayed; its own usage is what is
 * metered, and until it states one (a stream that is left has none) the text deltas so far, a lower bound of its output alone.
 */
export class OpenAiUrlEngine implements AnswerEngine {
  readonly #pool: Pool;
  readonly #basePath: string;
  readonly #headers: Record<string, string>;
  #active = 0;
  #failure: string | undefined;
  #usageMissing = false;

  constructor(options: OpenAiUrlOptions) {
    const url = new URL(options.baseUrl);
    this.#basePath = url.pathname.replace(/\/$/, "");
    this.#pool = new Pool(url.origin, {
      connections: options.connections,
      headersTimeout: options.silenceMs,
      bodyTimeout: options.silenceMs,
    });
    this.#headers = {
      "content-type": "application/json",
      ...(options.apiKey === undefined ? {} : { authorization: `Bearer ${options.apiKey}` }),
    };
  }

  async answer(call: EngineCall, signal: AbortSignal): Promise<EngineAnswer> {
    const parsed = parseRequestBody(call.body);
    if (call.outputUnitsMax(0) < 0) throw reservationTooSmall();
    const { body, usageInjected } = upstreamRequest(call, parsed);
    const { answer, contentType } = await this.#post(call.endpoint, body, signal);
    const usage: UsageMeter = { inputUnits: 0, outputUnits: 0 };
    const stream = contentType.startsWith("text/event-stream");
    const relay = stream ? this.#relayStream(answer, usageInjected, usage, call) : this.#relayBody(answer, usage, call);
    return { contentType, stream, usage, body: relay };
  }

  health(): EngineHealth {
    const detail = this.#failure ?? (this.#usageMissing ? "upstream states no usage" : "reachable");
    return { state: this.#failure === undefined ? "ready" : "down", detail, active: this.#active, queued: 0 };
  }

  close(): Promise<void> {
    return this.#pool.destroy();
  }

  async #post(
    endpoint: Endpoint,
    body: Uint8Array,
    signal: AbortSignal,
  ): Promise<{ answer: UpstreamAnswer; contentType: string }> {
    const answer = new UpstreamAnswer(signal);
    this.#pool.dispatch(
      { path: this.#basePath + paths[endpoint], method: "POST", headers: this.#headers, body },
      answer,
    );
    const { statusCode, contentType } = await answer.head.catch((cause: unknown) => {
      signal.throwIfAborted();
      this.#failure = "unreachable";
      throw upstreamUnreachable(cause);
    });
    if (statusCode >= 200 && statusCode < 300) {
      this.#failure = undefined;
      return { answer, contentType: contentType ?? "application/json" };
    }
    const refusal = upstreamRefusal(statusCode, await readText(answer));
    this.#failure = refusal instanceof ApiError ? undefined : `status ${statusCode}`;
    throw refusal;
  }

  async *#relayStream(
    body: AsyncIterable<Buffer>,
    cutsUsage: boolean,
    usage: UsageMeter,
    call: EngineCall,
  ): AsyncGenerator<Uint8Array> {
    const tap = new StreamTap({ cutsUsage });
    this.#active++;
    try {
      for await (const chunk of body) {
        const bytes = tap.push(chunk);
        if (tap.usage !== undefined) this.#meter(usage, tap.usage, call);
        else usage.outputUnits = Math.min(tap.textDeltas, call.outputUnitsMax(0));
        if (bytes.length > 0) yield bytes;
      }
      const rest = tap.end();
      if (!tap.done) throw new EngineError({ code: "ENGINE_FAILED", reason: "the upstream's stream broke off" });
      if (rest.length > 0) yield rest;
      this.#usageMissing = tap.usage === undefined;
    } catch (cause) {
      throw cause instanceof EngineError || cause instanceof ApiError ? cause : upstreamUnreachable(cause);
    } finally {
      this.#active--;
    }
  }

  async *#relayBody(body: AsyncIterable<Buffer>, usage: UsageMeter, call: EngineCall): AsyncGenerator<Uint8Array> {
    this.#active++;
    try {
      const whole = await readWhole(body, bodyBytesMax);
      const stated = findStatedUsage(whole);
      this.#usageMissing = stated === undefined;
      if (stated !== undefined) this.#meter(usage, stated, call);
      yield whole;
    } catch (cause) {
      throw cause instanceof EngineError || cause instanceof ApiError ? cause : upstreamUnreachable(cause);
    } finally {
      this.#active--;
    }
  }

  #meter(usage: UsageMeter, stated: StatedUsage, call: EngineCall): void {
    usage.inputUnits = Number(stated.inputUnits);
    usage.outputUnits = Number(stated.outputUnits);
    if (usage.outputUnits > call.outputUnitsMax(usage.inputUnits)) {
      // The upstream did more than it was asked for; more than the reservation is never charged.
      throw new EngineError({ code: "ENGINE_FAILED", reason: "the upstream used more than is reserved" });
    }
  }
}

async function readWhole(body: AsyncIterable<Buffer>, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of body) {
    sizeBytes += chunk.length;
    if (sizeBytes > limitBytes)
      throw new EngineError({ code: "ENGINE_FAILED", reason: "the upstream's answer is too long" });
    chunks.push(chunk);
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}

async function readText(body: AsyncIterable<Buffer>): Promise<string> {
  return readWhole(body, errorBytesMax).then(
    (bytes) => bytes.toString("utf8"),
    () => "",
  );
}
