import { describe, expect, test } from "@jest/globals";
import type { Address } from "@koinon/secp256k1/address";
import fc from "fast-check";
import { type Candidate, defaultPolicy, type RoutingPolicy } from "./candidate.ts";
import { rankCandidates } from "./rank.ts";

const address = (index: number): Address => `0x${index.toString(16).padStart(40, "0")}`;

function candidate(index: number, fields: Partial<Candidate> = {}): Candidate {
  return {
    provider: address(index),
    name: `Provider-${index}`,
    region: "eu",
    maxFee: 100n,
    latencyMs: 10,
    active: 0,
    capacity: 4,
    isSilent: false,
    ...fields,
  };
}

const names = (candidates: readonly Candidate[]) => candidates.map(({ name }) => name);
const rankedNames = (candidates: Candidate[], policy: Partial<RoutingPolicy> = {}) =>
  names(rankCandidates(candidates, { ...defaultPolicy, ...policy }).ordered);

describe("rankCandidates", () => {
  test("price: cheapest first, then the less loaded, then the lower address", () => {
    const all = [
      candidate(4, { maxFee: 90n, active: 2 }),
      candidate(3, { maxFee: 90n, active: 1 }),
      candidate(2, { maxFee: 90n, active: 1 }),
      candidate(1, { maxFee: 91n }),
    ];
    expect(rankedNames(all)).toEqual(["Provider-2", "Provider-3", "Provider-4", "Provider-1"]);
  });

  test("load is relative to capacity", () => {
    const all = [candidate(1, { active: 2, capacity: 4 }), candidate(2, { active: 3, capacity: 8 })];
    expect(rankedNames(all)).toEqual(["Provider-2", "Provider-1"]);
  });

  test("latency: fastest first, an unmeasured provider before all", () => {
    const all = [
      candidate(1, { latencyMs: 5 }),
      candidate(2, { latencyMs: 4 }),
      candidate(3, { latencyMs: undefined }),
    ];
    expect(rankedNames(all, { prefer: "latency" })).toEqual(["Provider-3", "Provider-2", "Provider-1"]);
  });

  test("explicit order comes before preference, by name in any case or by address", () => {
    const all = [candidate(1, { maxFee: 1n }), candidate(2), candidate(3)];
    expect(rankedNames(all, { order: [address(3), "PROVIDER-2"] })).toEqual(["Provider-3", "Provider-2", "Provider-1"]);
  });

  test("a silent provider comes last, whatever the order says", () => {
    const all = [candidate(1, { maxFee: 1n, isSilent: true }), candidate(2), candidate(3)];
    expect(rankedNames(all, { order: ["provider-1", "provider-3"] })).toEqual([
      "Provider-3",
      "Provider-2",
      "Provider-1",
    ]);
  });

  test("no fallback leaves the first alone", () => {
    expect(rankedNames([candidate(1), candidate(2)], { noFallback: true })).toEqual(["Provider-1"]);
  });

  test("a fee exactly at the bound is allowed, one above is not", () => {
    const all = [candidate(1, { maxFee: 100n }), candidate(2, { maxFee: 101n })];
    const ranking = rankCandidates(all, { ...defaultPolicy, maxFee: 100n });
    expect(names(ranking.ordered)).toEqual(["Provider-1"]);
    expect(ranking.excluded["max-fee"]).toBe(1);
  });

  test("exclude wins over only and order", () => {
    const policy = { only: ["provider-1", "provider-2"], exclude: [address(1)], order: ["provider-1"] };
    expect(rankedNames([candidate(1), candidate(2), candidate(3)], policy)).toEqual(["Provider-2"]);
  });
});

const mention = fc.oneof(
  fc.integer({ min: 0, max: 11 }).map((index) => `provider-${index}`),
  fc.integer({ min: 0, max: 11 }).map(address),
  fc.constant("nobody"),
);
const policies: fc.Arbitrary<RoutingPolicy> = fc.record({
  prefer: fc.constantFrom("price" as const, "latency" as const),
  order: fc.array(mention, { maxLength: 4 }),
  only: fc.oneof(fc.constant([]), fc.array(mention, { maxLength: 8 })),
  exclude: fc.array(mention, { maxLength: 3 }),
  regions: fc.oneof(fc.constant([]), fc.subarray(["eu", "us", "ap"])),
  noFallback: fc.boolean(),
  maxFee: fc.option(fc.bigInt({ min: 0n, max: 20n }), { nil: undefined }),
});
const candidateLists = fc.uniqueArray(fc.integer({ min: 0, max: 11 }), { maxLength: 12 }).chain((indices) =>
  fc.tuple(
    ...indices.map((index) =>
      fc
        .record({
          region: fc.constantFrom("eu", "us", "ap"),
          maxFee: fc.bigInt({ min: 0n, max: 20n }),
          latencyMs: fc.option(fc.integer({ min: 0, max: 5 }), { nil: undefined }),
          active: fc.integer({ min: 0, max: 6 }),
          capacity: fc.integer({ min: 1, max: 3 }),
        })
        .map((fields) => candidate(index, fields)),
    ),
  ),
);

describe("properties", () => {
  test("the order does not depend on the order of the input", () => {
    fc.assert(
      fc.property(candidateLists, policies, fc.infiniteStream(fc.nat()), (candidates, policy, keys) => {
        const shuffled = candidates
          .map((item) => ({ item, key: keys.next().value }))
          .sort((left, right) => left.key - right.key)
          .map(({ item }) => item);
        expect(rankCandidates(shuffled, policy).ordered).toEqual(rankCandidates(candidates, policy).ordered);
      }),
    );
  });

  test("exactly the candidates that the policy allows are ranked, each once", () => {
    fc.assert(
      fc.property(candidateLists, policies, (candidates, policy) => {
        const isIn = (mentions: readonly string[], { name, provider }: Candidate) =>
          mentions.includes(name.toLowerCase()) || mentions.includes(provider);
        const allowed = candidates.filter(
          (item) =>
            !isIn(policy.exclude, item) &&
            (policy.only.length === 0 || isIn(policy.only, item)) &&
            (policy.regions.length === 0 || policy.regions.includes(item.region)) &&
            (policy.maxFee === undefined || item.maxFee <= policy.maxFee),
        );
        const { ordered, excluded } = rankCandidates(candidates, { ...policy, noFallback: false });
        expect(new Set(ordered)).toEqual(new Set(allowed));
        expect(ordered.length).toBe(allowed.length);
        const left = Object.values(excluded).reduce((sum, count) => sum + count, 0);
        expect(left + ordered.length).toBe(candidates.length);
      }),
    );
  });

  test("each neighbour pair is in order: explicit place, then preference, then load", () => {
    fc.assert(
      fc.property(candidateLists, policies, (candidates, policy) => {
        const { ordered } = rankCandidates(candidates, { ...policy, noFallback: false });
        const place = (item: Candidate) => {
          const found = policy.order.findIndex((name) => name === item.name.toLowerCase() || name === item.provider);
          return found === -1 ? Number.POSITIVE_INFINITY : found;
        };
        const cost = (item: Candidate) => (policy.prefer === "price" ? Number(item.maxFee) : (item.latencyMs ?? 0));
        for (const [index, right] of ordered.entries()) {
          const left = ordered[index - 1];
          if (left === undefined) continue;
          const keys = (item: Candidate) => [
            place(item),
            cost(item),
            item.active / item.capacity,
            Number(item.provider),
          ];
          const firstDifference = keys(left).findIndex((key, at) => key !== keys(right)[at]);
          expect(keys(left)[firstDifference]).toBeLessThan(keys(right)[firstDifference] as number);
        }
      }),
    );
  });
});
