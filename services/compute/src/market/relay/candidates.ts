import { quoteFee } from "@koinon/receipts/quote";
import type { Clock } from "@koinon/runtime/clock";
import { MarketError } from "../errors.ts";
import type { ListedOffer, Registry } from "../registry/registry.ts";
import type { Candidate } from "../routing/candidate.ts";
import { rankCandidates } from "../routing/rank.ts";
import { boundUnits } from "./cost-bound.ts";
import { type InferenceRequest, modelKindOf } from "./inference.ts";
import type { ProviderSlots } from "./provider-slots.ts";

/** An offer that may serve a request, with the most it can cost. */
export interface OfferCandidate extends Candidate, ListedOffer {}

/**
 * The offers that may serve a request, in the order to try them; at least one. A provider whose heartbeats are late is tried last, and no
 * longer at all when they are very late. Throws MarketError `MODEL_UNKNOWN`, `MODEL_KIND_MISMATCH`, `NO_PROVIDER_AVAILABLE` when none takes requests now, `NO_PROVIDER_ALLOWED` when the policy leaves none.
 */
export function findCandidates(
  request: InferenceRequest,
  { registry, slots, clock }: { registry: Registry; slots: ProviderSlots; clock: Clock },
): readonly OfferCandidate[] {
  const { model, policy } = request;
  const kind = modelKindOf(request.endpoint);
  const listed = registry.offersOf(model);
  const ofKind = listed.filter(({ offer }) => offer.kind === kind);
  if (ofKind.length === 0) {
    const [other] = listed;
    if (other === undefined) throw new MarketError({ code: "MODEL_UNKNOWN", model });
    throw new MarketError({ code: "MODEL_KIND_MISMATCH", model, kind: other.offer.kind });
  }
  const now = clock.now();
  const inForce = ofKind.filter(({ offer }) => registry.isInForce(offer, now));
  const heard = inForce.filter(({ entry }) => registry.takesRequests(entry));
  const silent = heard.length === inForce.length ? [] : inForce.filter(({ entry }) => registry.isMerelySilent(entry));
  const available = [...heard, ...silent];
  if (available.length === 0) throw new MarketError({ code: "NO_PROVIDER_AVAILABLE", model, providers: ofKind.length });
  const { ordered, excluded } = rankCandidates(
    available.map((offer) => candidateFrom(offer, request, slots, silent.includes(offer))),
    policy,
  );
  if (ordered.length > 0) return ordered;
  // A provider that the policy would allow and that is only away for now makes this a matter of waiting.
  const away = ofKind
    .filter((offer) => !available.includes(offer))
    .map((offer) => candidateFrom(offer, request, slots, false));
  if (rankCandidates(away, policy).ordered.length > 0) {
    throw new MarketError({ code: "NO_PROVIDER_AVAILABLE", model, providers: ofKind.length });
  }
  const count = Object.values(excluded).reduce((sum, excludedBy) => sum + excludedBy, 0);
  throw new MarketError({ code: "NO_PROVIDER_ALLOWED", model, excluded: count });
}

function candidateFrom(
  listed: ListedOffer,
  request: InferenceRequest,
  slots: ProviderSlots,
  isSilent: boolean,
): OfferCandidate {
  const { entry, offer } = listed;
  const { provider, name, region, capacity } = entry.record.registration;
  const bound = boundUnits({
    kind: offer.kind,
    bodyBytes: request.body.length,
    maxOutputTokens: request.maxOutputTokens,
    contextTokens: offer.contextTokens,
  });
  return {
    ...listed,
    provider,
    name,
    region,
    capacity,
    maxFee: quoteFee(offer.terms, bound),
    // A median of what changes with every request, asked for by few policies.
    get latencyMs() {
      return entry.observations.latencyMs();
    },
    // A heartbeat knows what other replicas sent, this replica what it sent since.
    active: Math.max(entry.record.liveness.active, slots.active(provider)),
    isSilent,
  };
}
