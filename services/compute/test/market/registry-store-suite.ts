import { beforeEach, describe, expect, test } from "@jest/globals";
import type { Hex } from "@koinon/secp256k1/hex";
import type { Registration } from "../../src/market/registry/registration.ts";
import { endedSessionsMax, type ProviderRecord, type RegistryStore } from "../../src/market/registry/registry-store.ts";
import { cleanStanding, type Standing } from "../../src/market/registry/standing.ts";
import { verifyRegistration } from "../../src/market/registry/verify-registration.ts";
import { Party, testDomain, testManifest } from "./party.ts";

const now = Date.UTC(2026, 5, 1);
const chat = { manifest: testManifest("chat-model") };
const embedding = { manifest: testManifest("embed-model", { kind: "embedding" }) };
const caught: Standing = { strikes: 1, lastStrikeAt: now, reason: "FEE_MISMATCH", failingUntil: now + 5 };

/** What every store of the registry must do. */
export function registryStoreSuite(name: string, open: () => Promise<RegistryStore>): void {
  describe(`registry store: ${name}`, () => {
    let store: RegistryStore;
    beforeEach(async () => {
      store = await open();
    });

    const registrationOf = (party: Party, fields: Parameters<Party["registration"]>[1] = {}, offers = [chat]) =>
      verifyRegistration(party.registration(offers, fields), { domain: testDomain, now });
    const register = (registration: Registration, options: Partial<Parameters<RegistryStore["register"]>[1]> = {}) =>
      store.register(registration, { now, providersMax: 10, standing: (before) => before, ...options });
    const list = () => store.list(new Map());
    const only = async () => (await list())[0] as ProviderRecord;

    test("a provider comes back as it was registered, by name", async () => {
      const [beta, alpha] = [
        registrationOf(new Party("beta")),
        registrationOf(new Party("Alpha"), {}, [chat, embedding]),
      ];
      expect(await register(beta)).toEqual({ outcome: "registered" });
      expect(await register(alpha)).toEqual({ outcome: "registered" });
      const records = await list();
      expect(records.map(({ registration }) => normal(registration))).toEqual([normal(alpha), normal(beta)]);
      expect(records[0]).toMatchObject({
        liveness: { lastSeenAt: now, draining: false, active: 0, queued: 0 },
        standing: cleanStanding,
        endedSessions: [],
        served: 0n,
        failed: 0n,
      });
    });

    test("registrations that are known are not read again", async () => {
      const registration = registrationOf(new Party("alpha"));
      await register(registration);
      const [record] = await store.list(new Map([[registration.announcementId, registration]]));
      expect(normal(record?.registration as Registration)).toEqual(normal(registration));
    });

    test("sequences only grow; the same announcement again is no change", async () => {
      const party = new Party("alpha");
      const [first, second] = [registrationOf(party), registrationOf(party, { region: "us-east" })];
      await register(second);
      expect(await register(first)).toEqual({ outcome: "stale", known: 2n });
      expect(await register(second)).toEqual({ outcome: "unchanged" });
      party.sequence = 1n;
      expect(await register(registrationOf(party, { region: "ap-south" }))).toEqual({ outcome: "stale", known: 2n });
      expect((await only()).registration.region).toBe("us-east");
    });

    test("sequences of all 64 bits", async () => {
      const party = new Party("alpha");
      party.sequence = 2n ** 64n - 3n;
      const first = registrationOf(party);
      await register(first);
      expect(await register(registrationOf(party, { region: "us-east" }))).toEqual({ outcome: "registered" });
      expect(await register(first)).toEqual({ outcome: "stale", known: 2n ** 64n - 1n });
    });

    test("a new registration replaces offers; the documents of old ones stay", async () => {
      const party = new Party("alpha");
      const first = registrationOf(party);
      await register(first);
      const second = registrationOf(party, {}, [
        { ...chat, quote: { version: 2n, outputPrice: 9n } } as typeof chat,
        embedding,
      ]);
      await register(second);
      expect(normal((await only()).registration)).toEqual(normal(second));
      const [offer] = first.offers;
      const ids = {
        certificateId: first.certificate.id,
        priceId: offer?.priceId as Hex,
        subject: offer?.subject as Hex,
      };
      const documents = await store.documents(ids);
      expect(bytes(documents?.quote.content)).toEqual(bytes(offer?.quote.content));
      expect(bytes(documents?.quote.signature)).toEqual(bytes(offer?.quote.signature));
      expect(bytes(documents?.certificate.content)).toEqual(bytes(first.certificate.bytes.content));
      expect(bytes(documents?.manifest)).toEqual(bytes(offer?.manifest));
      expect(await store.documents({ ...ids, priceId: ids.subject })).toBeUndefined();
    });

    test("a name belongs to its bearer until the announcement is over", async () => {
      await register(registrationOf(new Party("alpha"), { expiresAt: BigInt(now + 100) }));
      const impostor = registrationOf(new Party("impostor"), { name: "ALPHA" });
      expect(await register(impostor, { now: now + 99 })).toEqual({ outcome: "name-taken" });
      expect(await register(impostor, { now: now + 100 })).toEqual({ outcome: "registered" });
      expect((await list()).map(({ registration }) => registration.name)).toEqual(["ALPHA"]);
    });

    test("the registry has a bound, which those who are in may not notice", async () => {
      const alpha = new Party("alpha");
      await register(registrationOf(alpha), { providersMax: 1 });
      expect(await register(registrationOf(new Party("beta")), { providersMax: 1 })).toEqual({ outcome: "full" });
      expect(await register(registrationOf(alpha), { providersMax: 1 })).toEqual({ outcome: "registered" });
    });

    test("heartbeats", async () => {
      const party = new Party("alpha");
      const heartbeat = { provider: party.address, sentAt: now, draining: true, active: 3, queued: 1 };
      expect(await store.heartbeat(heartbeat, now + 5)).toBe("not-registered");
      await register(registrationOf(party));
      expect(await store.heartbeat(heartbeat, now + 5)).toBe("noted");
      expect(await store.heartbeat({ ...heartbeat, draining: false }, now + 6)).toBe("stale");
      expect((await only()).liveness).toEqual({ lastSeenAt: now + 5, draining: true, active: 3, queued: 1 });
      await register(registrationOf(party), { now: now + 6 });
      expect((await only()).liveness).toEqual({ lastSeenAt: now + 6, draining: false, active: 0, queued: 0 });
      expect(await store.heartbeat(heartbeat, now + 7)).toBe("stale");
      expect(await store.heartbeat({ ...heartbeat, sentAt: now + 1 }, now + 7)).toBe("noted");
    });

    test("judgements stay across registrations, and a bounded number of ended sessions", async () => {
      const party = new Party("alpha");
      const judge = (endSession: Hex | undefined) => store.judge(party.address, { standing: () => caught, endSession });
      expect(await judge(undefined)).toBeUndefined();
      await register(registrationOf(party));
      const sessions = Array.from({ length: endedSessionsMax + 2 }, () => party.nonce());
      for (const session of sessions) expect(await judge(session)).toEqual(caught);
      await judge(sessions.at(-1));
      await register(registrationOf(party), { standing: (before) => ({ ...before, failingUntil: now }) });
      const record = await only();
      expect(record.standing).toEqual({ ...caught, failingUntil: now });
      expect(record.endedSessions).toEqual(sessions.slice(-endedSessionsMax));
    });

    test("an announcement sent again does not lift a judgement", async () => {
      const registration = registrationOf(new Party("alpha"));
      await register(registration);
      await store.judge(registration.provider, { standing: () => caught, endSession: undefined });
      await register(registration, { standing: () => cleanStanding });
      expect((await only()).standing).toEqual(caught);
    });

    test("parallel judgements each see the one before", async () => {
      const party = new Party("alpha");
      await register(registrationOf(party));
      const more = (before: Standing) => ({ ...before, strikes: before.strikes + 1 });
      const judgements = Array.from({ length: 8 }, () =>
        store.judge(party.address, { standing: more, endSession: undefined }),
      );
      await Promise.all(judgements);
      expect((await only()).standing.strikes).toBe(8);
    });

    test("counts add up", async () => {
      const [alpha, beta] = [new Party("alpha"), new Party("beta")];
      await register(registrationOf(alpha));
      await store.addCounts(new Map());
      for (const served of [3, 4]) {
        await store.addCounts(new Map([alpha, beta].map(({ address }) => [address, { served, failed: 1 }])));
      }
      expect(await only()).toMatchObject({ served: 7n, failed: 2n });
    });
  });
}

function bytes(value: Uint8Array | undefined): string {
  return Buffer.from(value ?? []).toString("hex");
}

/** The same with plain arrays: drivers answer Buffers. */
function normal(registration: Registration): unknown {
  return JSON.parse(
    JSON.stringify(registration, (_key, value) => {
      if (typeof value === "bigint") return `${value}n`;
      if (value instanceof Uint8Array) return bytes(value);
      return value?.type === "Buffer" ? Buffer.from(value.data).toString("hex") : value;
    }),
  );
}
