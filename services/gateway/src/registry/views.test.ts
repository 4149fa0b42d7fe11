import { describe, expect, test } from "@jest/globals";
import { type Provider, ProviderState } from "@koinon/contracts/koinon/compute/v1/market_service";
import { hexToBytes } from "@koinon/secp256k1/hex";
import { domain, TestProvider } from "../../test/fixture/provider.ts";
import { OfferReader } from "./offer-reader.ts";
import { createRegistryView } from "./views.ts";

function listed(provider: TestProvider, state: ProviderState, offers = [provider]): Provider {
  return {
    address: hexToBytes(provider.root.address),
    name: provider.name,
    region: "eu",
    state,
    stateReason: "",
    capacity: 1,
    active: 0,
    offers: offers.map(({ wire }) => ({ manifest: wire.manifest, quote: wire.quote })),
    latencyMs: 0,
    served: 0n,
    failed: 0n,
    lastSeenMs: 0n,
    certificate: provider.wire.certificate,
  };
}

const view = (providers: Provider[]) => createRegistryView(providers, new OfferReader({ domain }));

describe("models", () => {
  test("are one entry per manifest, with the offers of all who have it", () => {
    const [a, b] = [new TestProvider("a", "same"), new TestProvider("b", "same")];
    const { models } = view([listed(a, ProviderState.HEALTHY), listed(b, ProviderState.FAILING)]);
    expect(models).toHaveLength(1);
    expect(models[0]?.koinon.offers.map(({ provider_name, state }) => [provider_name, state])).toEqual([
      ["a", "healthy"],
      ["b", "failing"],
    ]);
  });

  test("of one name but different manifests stay apart, and every id is found once", () => {
    const [chat, embedding, other] = [
      new TestProvider("a", "same"),
      new TestProvider("b", "same", "embedding"),
      new TestProvider("c", "other"),
    ];
    const { models } = view([chat, embedding, other].map((provider) => listed(provider, ProviderState.HEALTHY)));
    const hashes = [chat.manifestHash, embedding.manifestHash].sort();
    expect(models.map(({ id }) => id).sort()).toEqual([hashes[1], "other", "same"].sort());
    expect(models.find(({ id }) => id === "same")?.koinon.manifest).toBe(hashes[0]);
  });

  test("of nobody are none", () => {
    expect(view([])).toEqual({ providers: [], models: [], manifests: new Map() });
    expect(view([listed(new TestProvider("a"), ProviderState.DRAINING, [])]).models).toEqual([]);
  });
});
