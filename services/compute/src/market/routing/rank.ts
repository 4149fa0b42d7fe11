import type { Candidate, RoutingPolicy } from "./candidate.ts";

/** Why a candidate may not serve a request. */
export type Exclusion = "not-in-only" | "excluded" | "region" | "max-fee";

/** Candidates in the order to try them, and how many the policy left out by which rule. */
export interface Ranking<C extends Candidate> {
  readonly ordered: readonly C[];
  readonly excluded: Readonly<Record<Exclusion, number>>;
}

/**
 * Orders candidates by a policy: first those that the explicit order lists, in its order, then the rest by preference; ties fall
 * to the less loaded and then to the lower address, so that the same input always gives the same order. Silent ones stand behind all
 * others, in the same order. A provider without an observed latency counts as fastest: it has to be tried once to be known. Names match
 * without case, addresses exactly.
 */
export function rankCandidates<C extends Candidate>(candidates: readonly C[], policy: RoutingPolicy): Ranking<C> {
  const rules = compilePolicy(policy);
  const excluded: Record<Exclusion, number> = { "not-in-only": 0, excluded: 0, region: 0, "max-fee": 0 };
  const admitted: C[] = [];
  for (const candidate of candidates) {
    const exclusion = exclusionOf(candidate, rules);
    if (exclusion === undefined) admitted.push(candidate);
    else excluded[exclusion]++;
  }
  const preference = policy.prefer === "latency" ? compareLatency : comparePrice;
  admitted.sort(
    (left, right) =>
      Number(left.isSilent) - Number(right.isSilent) ||
      placeInOrder(left, rules) - placeInOrder(right, rules) ||
      preference(left, right) ||
      compareLoad(left, right),
  );
  return { ordered: policy.noFallback ? admitted.slice(0, 1) : admitted, excluded };
}

interface Rules {
  readonly order: ReadonlyMap<string, number>;
  readonly only: ReadonlySet<string>;
  readonly exclude: ReadonlySet<string>;
  readonly regions: ReadonlySet<string>;
  readonly maxFee: bigint | undefined;
}

function compilePolicy(policy: RoutingPolicy): Rules {
  const order = new Map<string, number>();
  for (const [place, mention] of policy.order.entries()) {
    const key = mention.toLowerCase();
    if (!order.has(key)) order.set(key, place);
  }
  return {
    order,
    only: new Set(policy.only.map((mention) => mention.toLowerCase())),
    exclude: new Set(policy.exclude.map((mention) => mention.toLowerCase())),
    regions: new Set(policy.regions.map((region) => region.toLowerCase())),
    maxFee: policy.maxFee,
  };
}

function exclusionOf(candidate: Candidate, rules: Rules): Exclusion | undefined {
  const name = candidate.name.toLowerCase();
  const isIn = (mentions: ReadonlySet<string>) => mentions.has(name) || mentions.has(candidate.provider);
  if (isIn(rules.exclude)) return "excluded";
  if (rules.only.size > 0 && !isIn(rules.only)) return "not-in-only";
  if (rules.regions.size > 0 && !rules.regions.has(candidate.region.toLowerCase())) return "region";
  if (rules.maxFee !== undefined && candidate.maxFee > rules.maxFee) return "max-fee";
  return undefined;
}

const unlisted = Number.MAX_SAFE_INTEGER;

function placeInOrder(candidate: Candidate, { order }: Rules): number {
  const byName = order.get(candidate.name.toLowerCase()) ?? unlisted;
  const byAddress = order.get(candidate.provider) ?? unlisted;
  return Math.min(byName, byAddress);
}

function comparePrice(left: Candidate, right: Candidate): number {
  return left.maxFee < right.maxFee ? -1 : left.maxFee > right.maxFee ? 1 : 0;
}

function compareLatency(left: Candidate, right: Candidate): number {
  return (left.latencyMs ?? 0) - (right.latencyMs ?? 0);
}

// Cross-multiplied: active/capacity without rounding.
function compareLoad(left: Candidate, right: Candidate): number {
  const difference = left.active * right.capacity - right.active * left.capacity;
  return difference || (left.provider < right.provider ? -1 : left.provider > right.provider ? 1 : 0);
}
