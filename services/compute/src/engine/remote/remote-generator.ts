import {
  type EngineServiceDefinition,
  type LoadedModel,
  ModelKind,
} from "@koinon/contracts/koinon/compute/v1/engine_service";
import type { Client } from "@koinon/rpc/handler";
import { RpcError } from "@koinon/rpc/rpc-error";
import { EngineError, type EngineFault } from "../errors.ts";
import type {
  EmbeddingInput,
  Embeddings,
  EngineHealth,
  EngineModel,
  GenerationEvent,
  GenerationRequest,
  Generator,
} from "../generator.ts";
import { embeddingsFromMessage, embedToMessage, eventFromMessage, generationToMessage } from "./generate-codec.ts";

/** How long an engine may take for one answer; providers set nearer deadlines by their own signal. */
const answerTimeoutMs = 60 * 60_000;
const listTimeoutMs = 5_000;

/** An engine in another process. `refresh` asks it for its models and load; between two of them health is what the last one said. */
export class RemoteGenerator implements Generator {
  readonly #client: Client<typeof EngineServiceDefinition>;
  #models: readonly EngineModel[] = [];
  #health: EngineHealth = { state: "starting", detail: "not asked yet", active: 0, queued: 0 };

  constructor(client: Client<typeof EngineServiceDefinition>) {
    this.#client = client;
  }

  /** Asks the engine; false, with the reason in `health`, when it does not answer. */
  async refresh(signal: AbortSignal): Promise<boolean> {
    try {
      const { models, active, queued } = await this.#client.listModels({}, { timeoutMs: listTimeoutMs, signal });
      this.#models = models.map(modelFromMessage);
      this.#health = { state: "ready", detail: `${models.length} models loaded`, active, queued };
      return true;
    } catch (error) {
      signal.throwIfAborted();
      const state = this.#health.state === "starting" ? "starting" : "down";
      const detail = error instanceof RpcError ? error.code : "no answer";
      this.#health = { state, detail, active: 0, queued: 0 };
      return false;
    }
  }

  models(): readonly EngineModel[] {
    return this.#models;
  }

  async *generate(request: GenerationRequest, signal: AbortSignal): AsyncGenerator<GenerationEvent> {
    try {
      const options = { signal, timeoutMs: answerTimeoutMs };
      for await (const message of this.#client.generate(generationToMessage(request), options)) {
        yield eventFromMessage(message);
      }
    } catch (error) {
      signal.throwIfAborted();
      throw this.#engineError(error);
    }
  }

  async embed(model: string, inputs: readonly EmbeddingInput[], signal: AbortSignal): Promise<Embeddings> {
    try {
      const options = { signal, timeoutMs: answerTimeoutMs };
      return embeddingsFromMessage(await this.#client.embed(embedToMessage(model, inputs), options));
    } catch (error) {
      signal.throwIfAborted();
      throw this.#engineError(error);
    }
  }

  health(): EngineHealth {
    return this.#health;
  }

  async close(): Promise<void> {
    this.#health = { state: "down", detail: "closed", active: 0, queued: 0 };
  }

  #engineError(error: unknown): unknown {
    if (!(error instanceof RpcError)) return error;
    const fault = faultFromRpc(error);
    if (fault.code === "ENGINE_UNAVAILABLE") this.#health = { state: "down", detail: error.code, active: 0, queued: 0 };
    return new EngineError(fault, { cause: error });
  }
}

function faultFromRpc(error: RpcError): EngineFault {
  const { facts } = error;
  const text = (name: string) => facts[name] ?? "";
  const number = (name: string) => Number(facts[name] ?? 0);
  switch (error.code as EngineFault["code"] | "OVERLOADED" | "UNAVAILABLE" | "DRAINING") {
    case "ENGINE_MODEL_UNKNOWN":
      return { code: "ENGINE_MODEL_UNKNOWN", model: text("model") };
    case "ENGINE_MODEL_UNSUITED":
      return {
        code: "ENGINE_MODEL_UNSUITED",
        model: text("model"),
        wanted: text("wanted") as "chat" | "text" | "embedding",
      };
    case "CONTEXT_OVERFLOW": {
      const [contextTokens, promptTokens] = [number("contextTokens"), number("promptTokens")];
      return { code: "CONTEXT_OVERFLOW", contextTokens, promptTokens, requestedTokens: number("requestedTokens") };
    }
    case "PROMPT_EMPTY":
      return { code: "PROMPT_EMPTY" };
    case "TOKEN_UNKNOWN":
      return { code: "TOKEN_UNKNOWN", token: number("token") };
    case "TEMPLATE_REFUSED":
      return { code: "TEMPLATE_REFUSED", reason: text("reason") };
    case "GRAMMAR_REFUSED":
      return { code: "GRAMMAR_REFUSED", reason: text("reason") };
    case "OVERLOADED":
    case "ENGINE_OVERLOADED":
      return { code: "ENGINE_OVERLOADED", active: number("active"), queued: number("queued") };
    case "UNAVAILABLE":
    case "DRAINING":
    case "ENGINE_UNAVAILABLE":
      return { code: "ENGINE_UNAVAILABLE", reason: error.detail ?? error.code };
    default:
      return { code: "ENGINE_FAILED", reason: facts.reason ?? error.code };
  }
}

function modelFromMessage(model: LoadedModel): EngineModel {
  const { name, hasChatTemplate, contextTokens, embeddingLength, weightsSha256, manifest } = model;
  const kind = model.kind === ModelKind.CHAT ? "chat" : "embedding";
  return { name, kind, hasChatTemplate, contextTokens, embeddingLength, weightsSha256, manifest };
}
