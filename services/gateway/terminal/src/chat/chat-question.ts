import type { Model } from "../gateway/offers.ts";
import type { ChatSettings } from "./chat-settings.ts";
import { promptTokensMaxFor, tokensMaxFor } from "./generation-limits.ts";
import { type Exchanged, encodeRequest, fitMessages } from "./request-body.ts";
import type { ExpectedUsage } from "./routing/price-estimate.ts";
import { routingHeaders } from "./routing/routing-policy.ts";

/** A request that is ready to be sent. */
export interface ChatQuestion {
  readonly model: string;
  /** The exact bytes. */
  readonly body: Uint8Array<ArrayBuffer>;
  readonly headers: Record<string, string>;
  readonly turnsLeftOut: number;
}

/** The chat model that the settings ask for; when it is not on offer, the first that somebody healthy offers. */
export function chooseModel(models: readonly Model[], wanted: string | null): Model | null {
  const chat = models.filter(({ kind }) => kind === "chat");
  const isServed = ({ offers }: Model): boolean => offers.some(({ state }) => state === "healthy");
  return chat.find(({ id }) => id === wanted) ?? chat.find(isServed) ?? chat[0] ?? null;
}

/** Puts a question together. */
export function prepareQuestion(
  model: Model,
  settings: ChatSettings,
  prompt: string,
  history: readonly Exchanged[],
): ChatQuestion {
  const tokensMax = tokensMaxFor(model.contextTokens, settings.tokensMax);
  const room = promptTokensMaxFor(model.contextTokens, tokensMax);
  const { messages, turnsLeftOut } = fitMessages(settings.system, history, prompt, room);
  const { system, temperature } = settings;
  return {
    model: model.id,
    body: encodeRequest({ model: model.id, system, tokensMax, temperature }, messages),
    headers: routingHeaders(settings.policy),
    turnsLeftOut,
  };
}

/** What a question would use, for the price before sending. */
export function expectUsage(
  model: Model,
  settings: ChatSettings,
  prompt: string,
  history: readonly Exchanged[],
): ExpectedUsage {
  const outputUnitsMax = tokensMaxFor(model.contextTokens, settings.tokensMax);
  const room = promptTokensMaxFor(model.contextTokens, outputUnitsMax);
  return { inputUnits: fitMessages(settings.system, history, prompt, room).tokens, outputUnitsMax };
}
