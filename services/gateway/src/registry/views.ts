import { type Provider, ProviderState } from "@koinon/contracts/koinon/compute/v1/market_service";
import type { Manifest } from "@koinon/receipts/manifest";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import type { OfferReader, ReadOffer } from "./offer-reader.ts";
import type { ModelView, ProviderView } from "./registry-schemas.ts";

/** The registry as it is shown, at one moment. */
export interface RegistryView {
  readonly providers: readonly ProviderView[];
  readonly models: readonly ModelView[];
  /** Every manifest on offer, by its hash. */
  readonly manifests: ReadonlyMap<string, Manifest>;
}

const stateNames: Record<ProviderState, ProviderView["state"]> = {
  [ProviderState.UNSPECIFIED]: "unreachable",
  [ProviderState.HEALTHY]: "healthy",
  [ProviderState.DRAINING]: "draining",
  [ProviderState.UNREACHABLE]: "unreachable",
  [ProviderState.FAILING]: "failing",
};

interface ListedOffer {
  readonly provider: ProviderView;
  readonly offer: ReadOffer;
}

/** Puts the market's registry into the words of the HTTP API. */
export function createRegistryView(providers: readonly Provider[], reader: OfferReader): RegistryView {
  const listed: ListedOffer[] = [];
  const views = providers.map((provider) => {
    const offers = provider.offers.flatMap((offer) => reader.read(offer) ?? []);
    const view = providerView(provider, offers);
    for (const offer of offers) listed.push({ provider: view, offer });
    return view;
  });
  const manifests = new Map(listed.map(({ offer }) => [offer.manifestHash, offer.manifest]));
  return { providers: views, models: modelViews(listed), manifests };
}

function providerView(provider: Provider, offers: readonly ReadOffer[]): ProviderView {
  return {
    address: bytesToHex(provider.address),
    name: provider.name,
    region: provider.region,
    state: stateNames[provider.state],
    state_reason: provider.stateReason,
    capacity: provider.capacity,
    active: provider.active,
    latency_ms: provider.latencyMs,
    served: Number(provider.served),
    failed: Number(provider.failed),
    last_seen: Number(provider.lastSeenMs),
    offers: offers.map((offer) => ({ model: offer.manifest.name, manifest: offer.manifestHash, ...prices(offer) })),
  };
}

/** One model per manifest, in order of name; a name belongs to the manifest that has the lowest hash. */
function modelViews(listed: readonly ListedOffer[]): ModelView[] {
  const byManifest = Map.groupBy(listed, ({ offer }) => offer.manifestHash);
  const entries = [...byManifest].sort(([a], [b]) => (a < b ? -1 : 1));
  const names = new Set<string>();
  const views = entries.map(([hash, offers]) => {
    const name = (offers[0] as ListedOffer).offer.manifest.name;
    const id = names.has(name) ? hash : name;
    names.add(name);
    return modelView(id, hash, offers);
  });
  return views.sort((a, b) => (a.id < b.id ? -1 : 1));
}

function modelView(id: string, hash: Hex, offers: readonly ListedOffer[]): ModelView {
  const { manifest } = (offers[0] as ListedOffer).offer;
  const validFrom = offers.map(({ offer }) => Number(offer.quote.validFrom));
  return {
    id,
    object: "model",
    created: Math.floor(Math.min(...validFrom) / 1000),
    owned_by: "koinon",
    koinon: {
      kind: manifest.kind,
      manifest: hash,
      context_tokens: manifest.contextTokens,
      license: manifest.licence,
      offers: offers.map(({ provider, offer }) => ({
        provider: provider.address,
        provider_name: provider.name,
        region: provider.region,
        state: provider.state,
        ...prices(offer),
      })),
    },
  };
}

function prices({ quote, priceId }: ReadOffer) {
  return {
    input_price: quote.inputPrice.toString(),
    output_price: quote.outputPrice.toString(),
    request_price: quote.requestPrice.toString(),
    price_id: priceId,
    valid_until: Number(quote.validUntil),
  };
}
