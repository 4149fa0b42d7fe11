import { EngineServiceDefinition, ModelKind } from "@koinon/contracts/koinon/compute/v1/engine_service";
import { bindService, type FaultRule, type ServiceBinding } from "@koinon/rpc/binding";
import type { CallContext } from "@koinon/rpc/handler";
import type { EngineFault } from "../errors.ts";
import type { EngineModel, Generator } from "../generator.ts";
import { embeddingsToMessage, eventToMessage, generationFromMessage, inputsFromMessage } from "./generate-codec.ts";

const retryAfterMs = 1000;

/** How an engine's faults travel; the provider reads them back by code. */
const faults: Record<EngineFault["code"], FaultRule> = {
  ENGINE_MODEL_UNKNOWN: "NOT_FOUND",
  ENGINE_MODEL_UNSUITED: "INVALID_ARGUMENT",
  CONTEXT_OVERFLOW: "INVALID_ARGUMENT",
  PROMPT_EMPTY: "INVALID_ARGUMENT",
  TOKEN_UNKNOWN: "INVALID_ARGUMENT",
  TEMPLATE_REFUSED: "INVALID_ARGUMENT",
  GRAMMAR_REFUSED: "INVALID_ARGUMENT",
  ENGINE_OVERLOADED: { status: "RESOURCE_EXHAUSTED", retryAfterMs },
  ENGINE_UNAVAILABLE: { status: "UNAVAILABLE", retryAfterMs },
  ENGINE_FAILED: "INTERNAL",
};

/** 2048 vectors of 4096 numbers. */
const engineMessageBytesMax = 40 * 1024 * 1024;

/** Serves a generator of this process to providers. */
export function bindEngineService(generator: Generator): ServiceBinding {
  return bindService({
    definition: EngineServiceDefinition,
    callers: ["provider"],
    faults,
    limits: {
      maxRequestBytes: engineMessageBytesMax,
      maxResponseBytes: engineMessageBytesMax,
      maxTimeoutMs: 60 * 60_000,
    },
    handlers: {
      listModels: async () => {
        const { active, queued } = generator.health();
        return { models: generator.models().map(modelToMessage), active, queued };
      },
      generate: async function* (request, context: CallContext) {
        for await (const event of generator.generate(generationFromMessage(request), context.signal)) {
          yield eventToMessage(event);
        }
      },
      embed: async (request, context: CallContext) =>
        embeddingsToMessage(await generator.embed(request.model, inputsFromMessage(request), context.signal)),
    },
  });
}

function modelToMessage(model: EngineModel) {
  const { name, hasChatTemplate, contextTokens, embeddingLength, weightsSha256, manifest } = model;
  const kind = model.kind === "chat" ? ModelKind.CHAT : ModelKind.EMBEDDING;
  return { name, kind, hasChatTemplate, contextTokens, embeddingLength, weightsSha256, manifest };
}
