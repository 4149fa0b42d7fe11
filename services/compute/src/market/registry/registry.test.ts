import { beforeEach, describe, expect, test } from "@jest/globals";
import { isFault } from "@koinon/errors/domain-error";
import type { DocumentBytes } from "@koinon/receipts/document";
import type { Address } from "@koinon/secp256k1/address";
import { FakeClock } from "@koinon/testkit/fake-clock";
import { Party, testDomain, testManifest } from "../../../test/market/party.ts";
import { silentLog } from "../../../test/market/silent-log.ts";
import { MemoryRegistryStore } from "./memory-registry-store.ts";
import { type ProviderEntry, Registry, type RegistryOptions } from "./registry.ts";

const options: RegistryOptions = {
  heartbeatIntervalMs: 1_000,
  providersMax: 10,
  allowedRoots: undefined,
  allowedRegions: undefined,
  standing: { penaltyMs: 10_000, penaltyMsMax: 100_000, strikeMemoryMs: 1_000_000 },
  breaker: { windowSize: 8, windowMs: 10_000, outcomesMin: 2, failureRatio: 0.5, pauseMs: 500, pauseMsMax: 4_000 },
  quoteMarginMs: 100,
};
const offer = { manifest: testManifest("chat-model") };

describe("Registry", () => {
  const clock = new FakeClock();
  let store: MemoryRegistryStore;
  const open = (changes: Partial<RegistryOptions> = {}) =>
    new Registry(
      { ...options, ...changes },
      {
        store,
        domain: testDomain,
        clock,
        log: silentLog,
        acceptsEndpoint: (endpoint) => endpoint.startsWith("local:"),
      },
    );
  const entryOf = (registry: Registry, party: Party) => registry.provider(party.address) as ProviderEntry;
  const stateOf = (registry: Registry, party: Party) => registry.stateOf(entryOf(registry, party));
  const codeOf = async (work: Promise<unknown>) => {
    const error = await work.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    const codes = [
      "HEARTBEAT_REFUSED",
      "PROVIDER_NOT_ALLOWED",
      "REGION_NOT_ALLOWED",
      "ENDPOINT_NOT_ALLOWED",
      "ANNOUNCEMENT_STALE",
      "PROVIDER_NAME_TAKEN",
      "REGISTRY_FULL",
    ];
    return codes.find((code) => isFault(error, code));
  };
  beforeEach(() => {
    store = new MemoryRegistryStore();
    clock.set(Date.UTC(2026, 5, 1));
  });

  test("a registration is seen here at once, by another replica after its refresh, by model name and by hash", async () => {
    const [here, elsewhere] = [open(), open()];
    const party = new Party("alpha");
    await here.register(party.registration([offer]));
    const [listed] = here.offersOf("chat-model");
    expect(here.offersOf(listed?.offer.subject ?? "").map(({ entry }) => entry)).toEqual([entryOf(here, party)]);
    expect(elsewhere.offersOf("chat-model")).toEqual([]);
    await elsewhere.refresh();
    expect(elsewhere.offersOf("chat-model")).toHaveLength(1);
  });

  test("a new price replaces the old one at once", async () => {
    const registry = open();
    const party = new Party("alpha");
    await registry.register(party.registration([offer]));
    await registry.register(party.registration([{ ...offer, quote: { version: 2n, outputPrice: 7n } }]));
    expect(registry.offersOf("chat-model").map((listed) => listed.offer.terms.outputPrice)).toEqual([7n]);
  });

  test("refusals", async () => {
    const [alpha, beta] = [new Party("alpha"), new Party("beta")];
    const registry = open({ allowedRoots: new Set<Address>([alpha.address]), providersMax: 1 });
    expect(await codeOf(registry.register(beta.registration([offer])))).toBe("PROVIDER_NOT_ALLOWED");
    const elsewhere = alpha.registration([offer], { endpoint: "http://169.254.169.254/" });
    expect(await codeOf(registry.register(elsewhere))).toBe("ENDPOINT_NOT_ALLOWED");
    const local = open({ allowedRegions: new Set(["eu"]) });
    expect(await codeOf(local.register(alpha.registration([offer], { region: "us" })))).toBe("REGION_NOT_ALLOWED");
    await local.register(alpha.registration([offer], { region: "eu" }));
    const old = alpha.registration([offer]);
    await registry.register(alpha.registration([offer]));
    expect(await codeOf(registry.register(old))).toBe("ANNOUNCEMENT_STALE");
    expect(await codeOf(open().register(beta.registration([offer], { name: "alpha" })))).toBe("PROVIDER_NAME_TAKEN");
    expect(await codeOf(open({ providersMax: 1 }).register(beta.registration([offer])))).toBe("REGISTRY_FULL");
  });

  test("rules hold for those who registered before there were any", async () => {
    const [here, there] = [new Party("alpha"), new Party("beta")];
    const before = open();
    await before.register(here.registration([offer], { region: "eu" }));
    await before.register(there.registration([offer], { region: "us" }));
    for (const rule of [{ allowedRegions: new Set(["eu"]) }, { allowedRoots: new Set<Address>([here.address]) }]) {
      const local = open(rule);
      await local.refresh();
      expect(local.offersOf("chat-model").map(({ entry }) => entry)).toEqual([entryOf(local, here)]);
      expect(local.takesRequests(entryOf(local, here))).toBe(true);
      expect(local.takesRequests(entryOf(local, there))).toBe(false);
      expect(local.offersInForce(entryOf(local, there))).toEqual([]);
      // It registers again, and learns why not.
      expect(await local.heartbeat(there.heartbeat(clock.now(), { active: 0n }))).toBe(false);
      clock.advance(5_000);
      await local.refresh();
      expect(local.isMerelySilent(entryOf(local, here))).toBe(true);
      expect(local.isMerelySilent(entryOf(local, there))).toBe(false);
      clock.advance(-5_000);
    }
  });

  test("heartbeats keep a provider, and say when it drains", async () => {
    const registry = open();
    const party = new Party("alpha");
    const heartbeat = (fields = {}) => registry.heartbeat(party.heartbeat(clock.now(), { active: 1n, ...fields }));
    expect(await heartbeat()).toBe(false);
    await registry.register(party.registration([offer]));
    clock.advance(3_001);
    // Nobody has looked for heartbeats since.
    expect(stateOf(registry, party).state).toBe("healthy");
    await registry.refresh();
    expect(stateOf(registry, party)).toEqual({ state: "unreachable", reason: "HEARTBEATS_MISSED" });
    expect(registry.takesRequests(entryOf(registry, party))).toBe(false);
    expect(registry.isMerelySilent(entryOf(registry, party))).toBe(true);
    expect(await heartbeat()).toBe(true);
    expect(registry.isMerelySilent(entryOf(registry, party))).toBe(false);
    expect(stateOf(registry, party).state).toBe("healthy");
    clock.advance(1);
    await heartbeat({ draining: true });
    expect(stateOf(registry, party).state).toBe("draining");
    expect(registry.takesRequests(entryOf(registry, party))).toBe(false);
  });

  test("a heartbeat counts once, when the registered key signed it lately", async () => {
    const registry = open();
    const [party, other] = [new Party("alpha"), new Party("beta")];
    await registry.register(party.registration([offer]));
    const now = clock.now();
    const refusal = (bytes: DocumentBytes) => codeOf(registry.heartbeat(bytes));
    expect(await refusal(party.heartbeat(now, {}, other.serving))).toBe("HEARTBEAT_REFUSED");
    expect(await refusal(party.heartbeat(now, {}, party.root))).toBe("HEARTBEAT_REFUSED");
    expect(await refusal(other.heartbeat(now, { provider: party.address }))).toBe("HEARTBEAT_REFUSED");
    for (const sentAt of [now - 60_001, now + 60_001]) {
      expect(await refusal(party.heartbeat(sentAt))).toBe("HEARTBEAT_REFUSED");
    }
    const { content, signature } = party.heartbeat(now);
    expect(await refusal({ content: content.subarray(1), signature })).toBe("HEARTBEAT_REFUSED");
    expect(await refusal({ content, signature: signature.subarray(1) })).toBe("HEARTBEAT_REFUSED");
    expect(await registry.heartbeat({ content, signature })).toBe(true);
    expect(await refusal({ content, signature })).toBe("HEARTBEAT_REFUSED");
    expect(await refusal(party.heartbeat(now - 1))).toBe("HEARTBEAT_REFUSED");
  });

  test("a provider that took another key at another replica goes on there and here", async () => {
    const [here, there] = [open(), open()];
    const party = new Party("alpha");
    await here.register(party.registration([offer]));
    party.serving = new Party("alpha's next key").serving;
    await there.register(party.registration([offer]));
    expect(await here.heartbeat(party.heartbeat(clock.now()))).toBe(true);
  });

  test("offers hold from their first moment until a margin before their last", async () => {
    const registry = open();
    const party = new Party("alpha");
    const [from, until] = [clock.now() + 50, clock.now() + 1_000];
    await registry.register(
      party.registration([{ ...offer, quote: { validFrom: BigInt(from), validUntil: BigInt(until) } }]),
    );
    const inForce = (at: number) => {
      clock.set(at);
      return registry.offersInForce(entryOf(registry, party)).length;
    };
    expect([inForce(from - 1), inForce(from), inForce(until - 101), inForce(until - 100)]).toEqual([0, 1, 1, 0]);
  });

  test("a liar is shut out on every replica; registering anew lifts the first strike and not the second", async () => {
    const [here, elsewhere] = [open(), open()];
    const party = new Party("alpha");
    await here.register(party.registration([offer]));
    const session = party.nonce();
    await here.accuse(party.address, "OUTPUT_DIGEST_MISMATCH", session);
    await elsewhere.refresh();
    for (const registry of [here, elsewhere]) {
      expect(stateOf(registry, party)).toEqual({ state: "failing", reason: "OUTPUT_DIGEST_MISMATCH" });
      expect(registry.takesRequests(entryOf(registry, party))).toBe(false);
      expect(entryOf(registry, party).record.endedSessions).toEqual([session]);
    }
    clock.advance(1);
    await here.register(party.registration([offer]));
    expect(stateOf(here, party).state).toBe("healthy");
    await here.accuse(party.address, "FEE_MISMATCH", undefined);
    await here.register(party.registration([offer]));
    expect(stateOf(here, party)).toEqual({ state: "failing", reason: "FEE_MISMATCH" });
    clock.advance(20_000);
    await here.heartbeat(party.heartbeat(clock.now()));
    expect(stateOf(here, party).state).toBe("healthy");
  });

  test("a provider whose requests fail is failing until a trial request succeeds", async () => {
    const registry = open();
    const party = new Party("alpha");
    await registry.register(party.registration([offer]));
    const { observations } = entryOf(registry, party);
    for (let count = 0; count < 2; count++) {
      observations.entered(clock.now());
      observations.failed("request", clock.now());
    }
    expect(stateOf(registry, party)).toEqual({ state: "failing", reason: "REQUESTS_FAIL" });
    expect(registry.takesRequests(entryOf(registry, party))).toBe(false);
    clock.advance(500);
    expect(registry.takesRequests(entryOf(registry, party))).toBe(true);
    observations.entered(clock.now());
    expect(registry.takesRequests(entryOf(registry, party))).toBe(false);
    observations.delivered(clock.now());
    expect(stateOf(registry, party).state).toBe("healthy");
  });

  test("observations outlive a refresh and end with a new registration", async () => {
    const registry = open();
    const party = new Party("alpha");
    await registry.register(party.registration([offer]));
    entryOf(registry, party).observations.firstByte(12);
    await registry.refresh();
    expect(entryOf(registry, party).observations.latencyMs()).toBe(12);
    await registry.register(party.registration([offer]));
    expect(entryOf(registry, party).observations.latencyMs()).toBeUndefined();
  });
});
