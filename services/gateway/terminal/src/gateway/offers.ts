import type { AnswerReader } from "./answer-reader.ts";

/** How the market sees a provider. */
export const providerStates = ["healthy", "draining", "unreachable", "failing"] as const;
export type ProviderState = (typeof providerStates)[number];

/** A quoted price, in micro-credits per 1,000,000 tokens and per request. */
export interface Prices {
  readonly inputPrice: bigint;
  readonly outputPrice: bigint;
  readonly requestPrice: bigint;
}

/** One provider's offer of a model. */
export interface ModelOffer extends Prices {
  readonly provider: string;
  readonly providerName: string;
  readonly region: string;
  readonly state: ProviderState;
  readonly priceId: string;
  readonly validUntil: number;
}

/** A model that somebody offers. */
export interface Model {
  readonly id: string;
  readonly kind: "chat" | "embedding";
  /** Hash of its manifest. */
  readonly manifest: string;
  readonly contextTokens: number;
  readonly licence: string;
  readonly offers: readonly ModelOffer[];
}

/** One model of a provider, at its price. */
export interface ProviderOffer extends Prices {
  readonly model: string;
  readonly manifest: string;
  readonly priceId: string;
  readonly validUntil: number;
}

/** A registered party. */
export interface Provider {
  readonly address: string;
  readonly name: string;
  readonly region: string;
  readonly state: ProviderState;
  /** Stable code; empty when healthy. */
  readonly stateReason: string;
  readonly capacity: number;
  readonly active: number;
  /** Median time to the first byte; 0 when unknown. */
  readonly latencyMs: number;
  readonly served: number;
  readonly failed: number;
  readonly lastSeen: number;
  readonly offers: readonly ProviderOffer[];
}

/** Reads `GET /v1/models`. */
export function readModels(answer: AnswerReader): Model[] {
  return answer.member("data").list((model) => {
    const koinon = model.member("koinon");
    return {
      id: model.member("id").text(),
      kind: koinon.member("kind").oneOf(["chat", "embedding"]),
      manifest: koinon.member("manifest").text(),
      contextTokens: koinon.member("context_tokens").count(),
      licence: koinon.member("license").text(),
      offers: koinon.member("offers").list(readModelOffer),
    };
  });
}

/** Reads `GET /v1/providers`. */
export function readProviders(answer: AnswerReader): Provider[] {
  return answer.member("data").list((provider) => ({
    address: provider.member("address").text(),
    name: provider.member("name").text(),
    region: provider.member("region").text(),
    state: provider.member("state").oneOf(providerStates),
    stateReason: provider.member("state_reason").nullable((reason) => reason.text()) ?? "",
    capacity: provider.member("capacity").count(),
    active: provider.member("active").count(),
    latencyMs: provider.member("latency_ms").count(),
    served: provider.member("served").count(),
    failed: provider.member("failed").count(),
    lastSeen: provider.member("last_seen").count(),
    offers: provider.member("offers").list((offer) => ({
      model: offer.member("model").text(),
      manifest: offer.member("manifest").text(),
      ...readPrices(offer),
    })),
  }));
}

function readModelOffer(offer: AnswerReader): ModelOffer {
  return {
    provider: offer.member("provider").text(),
    providerName: offer.member("provider_name").text(),
    region: offer.member("region").text(),
    state: offer.member("state").oneOf(providerStates),
    ...readPrices(offer),
  };
}

function readPrices(offer: AnswerReader) {
  return {
    inputPrice: offer.member("input_price").amount(),
    outputPrice: offer.member("output_price").amount(),
    requestPrice: offer.member("request_price").amount(),
    priceId: offer.member("price_id").text(),
    validUntil: offer.member("valid_until").count(),
  };
}
