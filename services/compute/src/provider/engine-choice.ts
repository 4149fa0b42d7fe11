import { setTimeout as delay } from "node:timers/promises";
import type { EngineServiceDefinition } from "@koinon/contracts/koinon/compute/v1/engine_service";
import { parseManifest } from "@koinon/receipts/manifest";
import type { Client } from "@koinon/rpc/handler";
import type { AnswerEngine } from "../engine/answer-engine.ts";
import type { EngineHealth } from "../engine/generator.ts";
import { RemoteGenerator } from "../engine/remote/remote-generator.ts";
import { OpenAiUrlEngine } from "../engine/upstream/openai-url-engine.ts";
import { GeneratorAnswers } from "../openai/generator-answers.ts";
import type { OfferConfig, ProviderConfig } from "./config.ts";
import { ProviderError } from "./errors.ts";
import type { OfferedModel } from "./offers.ts";
import { urlModelManifest } from "./url-manifest.ts";

/** An engine with what the provider has to know of it. */
export interface ChosenEngine {
  readonly answers: AnswerEngine;
  /** The configured offers with their manifests; throws OFFER_INVALID, or the reason why the engine can not be asked. */
  offeredModels(signal: AbortSignal): Promise<OfferedModel[]>;
  /** Looks after the engine's health until the signal aborts. */
  watch(signal: AbortSignal): Promise<void>;
  health(): EngineHealth;
}

const watchMs = 2_000;

/** The engine that the configuration names: an OpenAI-compatible URL, else the engine service. */
export function chooseEngine(
  config: Pick<ProviderConfig, "engineUrl" | "engineApiKey" | "engineConnections" | "engineSilenceMs" | "offers">,
  client: Client<EngineServiceDefinition> | undefined,
  dependencies: { readonly clock: { now(): number } },
): ChosenEngine {
  if (config.engineUrl !== undefined) return urlEngine(config, config.engineUrl);
  if (client === undefined) {
    throw new ProviderError({ code: "ENGINE_MISSING", hint: "set ENGINE_ADDRESS or PROVIDER_ENGINE_URL" });
  }
  return serviceEngine(config.offers, client, dependencies);
}

function urlEngine(config: Parameters<typeof chooseEngine>[0], baseUrl: string): ChosenEngine {
  const answers = new OpenAiUrlEngine({
    baseUrl,
    apiKey: config.engineApiKey?.reveal(),
    connections: config.engineConnections,
    silenceMs: config.engineSilenceMs,
  });
  const offered = config.offers.map((offer) => {
    const name = offer.name ?? offer.model;
    return offeredModel(offer, { name, kind: offer.kind, manifest: urlModelManifest({ ...offer, name }, baseUrl) });
  });
  return { answers, offeredModels: async () => offered, watch: async () => undefined, health: () => answers.health() };
}

function serviceEngine(
  offers: readonly OfferConfig[],
  client: Client<EngineServiceDefinition>,
  dependencies: { readonly clock: { now(): number } },
): ChosenEngine {
  const generator = new RemoteGenerator(client);
  return {
    answers: new GeneratorAnswers(generator, dependencies),
    health: () => generator.health(),
    offeredModels: async (signal) => {
      if (!(await generator.refresh(signal))) {
        throw new ProviderError({ code: "ENGINE_UNAVAILABLE", reason: generator.health().detail });
      }
      return offers.map((offer) => {
        const model = generator.models().find(({ name }) => name === offer.model);
        if (model === undefined)
          throw new ProviderError({ code: "OFFER_INVALID", model: offer.model, reason: "not loaded" });
        return offeredModel(offer, {
          name: parseManifest(model.manifest).name,
          kind: model.kind,
          manifest: model.manifest,
        });
      });
    },
    watch: async (signal) => {
      while (!signal.aborted) {
        await delay(watchMs, undefined, { signal, ref: false }).catch(() => undefined);
        if (!signal.aborted) await generator.refresh(signal).catch(() => undefined);
      }
    },
  };
}

function offeredModel(offer: OfferConfig, model: Pick<OfferedModel, "name" | "kind" | "manifest">): OfferedModel {
  const { inputPrice, outputPrice, requestPrice } = offer;
  return { engineModel: offer.model, inputPrice, outputPrice, requestPrice, ...model };
}
