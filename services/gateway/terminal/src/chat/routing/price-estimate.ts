import { feeOf } from "../../credits/fee.ts";
import type { Model, ModelOffer, Provider } from "../../gateway/offers.ts";
import type { RoutingPolicy } from "./routing-policy.ts";

/** What a request is expected to use. */
export interface ExpectedUsage {
  readonly inputUnits: number;
  /** The most that the answer may take. */
  readonly outputUnitsMax: number;
}

/** A provider that may serve, with what it would cost there at most. */
export interface Candidate {
  readonly offer: ModelOffer;
  readonly feeMax: bigint;
  /** Median time to the first byte; 0 when unknown. */
  readonly latencyMs: number;
}

/** What a request may cost, before it is sent. */
export type PriceEstimate =
  | {
      readonly kind: "quoted";
      /** In the order in which the market is expected to try them. */
      readonly candidates: readonly [Candidate, ...Candidate[]];
      /** At the first candidate: without any answer, and with the longest one. */
      readonly feeMin: bigint;
      readonly feeMax: bigint;
      /** The most at any candidate that may be fallen back to. */
      readonly feeMaxAnywhere: bigint;
    }
  /** Nobody who is healthy offers the model under this policy. */
  | { readonly kind: "nobody"; readonly leftOut: number };

/** Estimates from the quotes in force. The order is the market's rule as documented; its latencies may be newer than ours. */
export function estimatePrice(
  model: Model,
  providers: readonly Provider[],
  policy: RoutingPolicy,
  usage: ExpectedUsage,
): PriceEstimate {
  const healthy = model.offers.filter((offer) => offer.state === "healthy");
  const latencies = new Map(providers.map((provider) => [provider.address, provider.latencyMs]));
  const admitted = healthy
    .filter((offer) => admits(policy, offer))
    .map((offer) => ({
      offer,
      feeMax: feeOf(offer, usage.inputUnits, usage.outputUnitsMax),
      latencyMs: latencies.get(offer.provider) ?? 0,
    }))
    .sort((left, right) => compare(policy, left, right));
  const [first, ...rest] = policy.fallback ? admitted : admitted.slice(0, 1);
  if (first === undefined) return { kind: "nobody", leftOut: healthy.length };
  const dearest = [first, ...rest].reduce((most, each) => (each.feeMax > most.feeMax ? each : most));
  return {
    kind: "quoted",
    candidates: [first, ...rest],
    feeMin: feeOf(first.offer, usage.inputUnits, 0),
    feeMax: first.feeMax,
    feeMaxAnywhere: dearest.feeMax,
  };
}

/** True when the policy lets this provider serve. */
export function admits(policy: RoutingPolicy, offer: Pick<ModelOffer, "provider" | "region">): boolean {
  if (policy.exclude.includes(offer.provider)) return false;
  if (policy.only.length > 0 && !policy.only.includes(offer.provider)) return false;
  const region = offer.region.toLowerCase();
  return policy.regions.length === 0 || policy.regions.some((allowed) => allowed.toLowerCase() === region);
}

function compare(policy: RoutingPolicy, left: Candidate, right: Candidate): number {
  const byPreference =
    policy.prefer === "latency"
      ? left.latencyMs - right.latencyMs
      : left.feeMax < right.feeMax
        ? -1
        : left.feeMax > right.feeMax
          ? 1
          : 0;
  return byPreference || (left.offer.provider < right.offer.provider ? -1 : 1);
}
