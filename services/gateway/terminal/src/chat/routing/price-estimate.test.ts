import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { feeOf } from "../../credits/fee.ts";
import type { Model, ModelOffer, Provider, ProviderState } from "../../gateway/offers.ts";
import { estimatePrice } from "./price-estimate.ts";
import { defaultRoutingPolicy, narrows, routingHeaders, routingPolicyFromStored } from "./routing-policy.ts";

const usage = { inputUnits: 1_000, outputUnitsMax: 500 };

function offer(provider: string, outputPrice: bigint, region = "eu", state: ProviderState = "healthy"): ModelOffer {
  const prices = { inputPrice: 100n, outputPrice, requestPrice: 2n };
  return { provider, providerName: provider.toUpperCase(), region, state, priceId: "0x", validUntil: 0, ...prices };
}

function modelOf(offers: readonly ModelOffer[]): Model {
  return { id: "m", kind: "chat", manifest: "0x", contextTokens: 2048, licence: "MIT", offers };
}

const latencyOf = (address: string, latencyMs: number): Provider => ({
  address,
  name: address,
  region: "eu",
  state: "healthy",
  stateReason: "",
  capacity: 1,
  active: 0,
  latencyMs,
  served: 0,
  failed: 0,
  lastSeen: 0,
  offers: [],
});

describe("price estimate", () => {
  const model = modelOf([
    offer("a", 9_000n),
    offer("b", 3_000n, "us"),
    offer("c", 6_000n),
    offer("d", 1n, "eu", "failing"),
  ]);
  const order = (policy: Parameters<typeof estimatePrice>[2], providers: readonly Provider[] = []): string[] => {
    const estimate = estimatePrice(model, providers, policy, usage);
    return estimate.kind === "quoted" ? estimate.candidates.map(({ offer: { provider } }) => provider) : [];
  };

  test("cheapest healthy provider first", () => expect(order(defaultRoutingPolicy)).toEqual(["b", "c", "a"]));

  test("fastest first, the unknown counting as fastest", () => {
    const providers = [latencyOf("a", 10), latencyOf("b", 300)];
    expect(order({ ...defaultRoutingPolicy, prefer: "latency" }, providers)).toEqual(["c", "a", "b"]);
  });

  test.each([
    [{ only: ["a", "c"] }, ["c", "a"]],
    [{ exclude: ["b"] }, ["c", "a"]],
    [{ regions: ["US"] }, ["b"]],
    [{ regions: ["us"], exclude: ["b"] }, []],
    [{ fallback: false }, ["b"]],
  ])("policy %p admits %p", (change, expected) =>
    expect(order({ ...defaultRoutingPolicy, ...change })).toEqual(expected),
  );

  test("says how many it left out when nobody remains", () => {
    expect(estimatePrice(model, [], { ...defaultRoutingPolicy, only: ["z"] }, usage)).toEqual({
      kind: "nobody",
      leftOut: 3,
    });
  });

  test("the fee of any usage within the estimate lies within it", () => {
    const price = fc.bigInt({ min: 0n, max: 10n ** 12n });
    fc.assert(
      fc.property(
        price,
        price,
        price,
        fc.nat(10_000),
        fc.nat(10_000),
        fc.nat(10_000),
        (input, output, request, used, most, fewer) => {
          const prices = { inputPrice: input, outputPrice: output, requestPrice: request };
          const one = modelOf([{ ...offer("a", output), ...prices }]);
          const estimate = estimatePrice(one, [], defaultRoutingPolicy, { inputUnits: used, outputUnitsMax: most });
          if (estimate.kind !== "quoted") throw new Error("nobody");
          const fee = feeOf(prices, used, Math.min(fewer, most));
          expect(estimate.feeMin <= fee && fee <= estimate.feeMax).toBe(true);
        },
      ),
    );
  });
});

describe("routing policy", () => {
  test("headers say what was chosen", () => {
    const policy = {
      prefer: "latency",
      only: ["0xa"],
      exclude: ["0xb", "0xc"],
      regions: ["eu west"],
      fallback: false,
    } as const;
    expect(routingHeaders(policy)).toEqual({
      "x-koinon-prefer": "latency",
      "x-koinon-only": "0xa",
      "x-koinon-exclude": "0xb,0xc",
      "x-koinon-regions": "eu west",
      "x-koinon-no-fallback": "true",
    });
  });

  test.each(["a,b", "αβ", "x\ny", "", " a", "a".repeat(129)])(
    "what a header can not hold (%j) is never left out in silence",
    (region) => {
      expect(() => routingHeaders({ ...defaultRoutingPolicy, regions: [region] })).toThrow();
      expect(routingPolicyFromStored({ regions: [region, "eu"] }).regions).toEqual(["eu"]);
    },
  );

  test("a stored policy is read back, and anything else is the default", () => {
    const policy = { ...defaultRoutingPolicy, prefer: "latency" as const, only: ["0xa"], fallback: false };
    expect(routingPolicyFromStored(JSON.parse(JSON.stringify(policy)))).toEqual(policy);
    for (const odd of [null, 7, "x", [], { only: 7, exclude: [1] }]) {
      expect(routingPolicyFromStored(odd)).toEqual(defaultRoutingPolicy);
    }
    expect(narrows(defaultRoutingPolicy)).toBe(false);
  });
});
