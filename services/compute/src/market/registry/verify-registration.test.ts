import { describe, expect, test } from "@jest/globals";
import { documentId } from "@koinon/receipts/document";
import { manifestBytes, manifestHash } from "@koinon/receipts/manifest";
import { quoteDocument } from "@koinon/receipts/quote";
import fc from "fast-check";
import { Party, testDomain, testManifest } from "../../../test/market/party.ts";
import { MarketError } from "../errors.ts";
import type { RegistrationDocuments } from "./registration.ts";
import { verifyRegistration } from "./verify-registration.ts";

const now = Date.UTC(2026, 5, 1);
const offers = [
  { manifest: testManifest("chat-model") },
  { manifest: testManifest("embed-model", { kind: "embedding" }), quote: { outputPrice: 0n } },
];
const verify = (documents: RegistrationDocuments, at = now) =>
  verifyRegistration(documents, { domain: testDomain, now: at });

function refusalOf(documents: RegistrationDocuments, at = now): string {
  try {
    verify(documents, at);
  } catch (error) {
    if (error instanceof MarketError && error.fault.code === "REGISTRATION_REFUSED") {
      return `${error.fault.part}: ${error.fault.reason}`;
    }
    throw error;
  }
  return "accepted";
}

describe("verifyRegistration", () => {
  test("reads what was announced", () => {
    const party = new Party("alpha");
    const registration = verify(party.registration(offers, { capacity: 3n, region: "us-east" }));
    expect(registration).toMatchObject({
      provider: party.address,
      name: "alpha",
      region: "us-east",
      capacity: 3,
      sequence: 1n,
    });
    expect(registration.certificate.certificate.key).toBe(party.serving.address);
    expect(registration.offers.map(({ model, kind }) => [model, kind])).toEqual([
      ["chat-model", "chat"],
      ["embed-model", "embedding"],
    ]);
    const [first] = registration.offers;
    const quote = party.quote(offers[0] as (typeof offers)[0]).quote;
    expect(first?.priceId).toBe(documentId(quoteDocument, quote, testDomain));
    expect(first?.terms).toEqual(quote);
  });

  test.each<[string, (party: Party) => RegistrationDocuments, string]>([
    [
      "certificate by another root",
      (party) => ({ ...party.registration(offers), certificate: party.certificate({}, new Party("mallory").root) }),
      "certificate: not signed by its root",
    ],
    [
      "certificate for another purpose",
      (party) => ({ ...party.registration(offers), certificate: party.certificate({ purpose: "witness" }) }),
      "certificate: not valid for serving now",
    ],
    [
      "certificate that is over",
      (party) => ({ ...party.registration(offers), certificate: party.certificate({ notAfter: BigInt(now - 1) }) }),
      "certificate: not valid for serving now",
    ],
    [
      "announcement by a key that is not certified",
      (party) => {
        const documents = party.registration(offers);
        party.serving = new Party("mallory").serving;
        return { ...documents, certificate: party.certificate() };
      },
      "announcement: not signed by the certified key",
    ],
    [
      "announcement in another's name",
      (party) => party.registration(offers, { provider: new Party("victim").address }),
      "announcement: of another provider",
    ],
    ["announcement over", (party) => party.registration(offers, { expiresAt: BigInt(now) }), "announcement: expired"],
    [
      "announcement from the future",
      (party) => party.registration(offers, { issuedAt: BigInt(now + 60_001) }),
      "announcement: issued in the future",
    ],
    [
      "no capacity",
      (party) => party.registration(offers, { capacity: 0n }),
      "announcement: capacity not from 1 to 100000",
    ],
    [
      "fewer offers than announced",
      (party) => ({ ...party.registration(offers), offers: party.registration(offers).offers.slice(1) }),
      "announcement: not one offer per subject",
    ],
    [
      "offers in another order",
      (party) => {
        const documents = party.registration(offers);
        return { ...documents, offers: documents.offers.toReversed() };
      },
      "quote: not the announced price",
    ],
    [
      "another manifest than announced",
      (party) => {
        const documents = party.registration(offers.slice(0, 1));
        const quote = documents.offers[0]?.quote as { content: Uint8Array; signature: Uint8Array };
        return { ...documents, offers: [{ manifest: manifestBytes(testManifest("other")), quote }] };
      },
      "manifest: does not hash to the announced subject",
    ],
    [
      "quote of another subject",
      (party) => {
        const quote = { subject: manifestHash(testManifest("other")) };
        return party.registration([{ manifest: testManifest(), quote }]);
      },
      "quote: of another subject",
    ],
    [
      "quote of another provider",
      (party) => party.registration([{ manifest: testManifest(), quote: { provider: new Party("x").address } }]),
      "quote: of another provider",
    ],
    [
      "quote that is over",
      (party) => party.registration([{ manifest: testManifest(), quote: { validUntil: BigInt(now) } }]),
      "quote: expired",
    ],
    [
      "prices beyond what a receipt can charge",
      (party) => party.registration([{ manifest: testManifest(), quote: { inputPrice: 2n ** 128n - 1n } }]),
      "quote: prices that no receipt can charge",
    ],
  ])("%s", (_name, documents, refusal) => {
    expect(refusalOf(documents(new Party("alpha")))).toBe(refusal);
  });

  test("the last moment of each validity", () => {
    const party = new Party("alpha");
    party.validUntil = BigInt(now + 10);
    const documents = party.registration(offers);
    expect(refusalOf(documents, now + 9)).toBe("accepted");
    expect(refusalOf(documents, now + 10)).toBe("announcement: expired");
    expect(refusalOf(documents, now + 11)).toBe("certificate: not valid for serving now");
  });

  test("no byte of any document can be changed", () => {
    const documents = new Party("alpha").registration(offers);
    const pick = (changed: RegistrationDocuments) => [
      changed.certificate.content,
      changed.certificate.signature,
      changed.announcement.content,
      changed.announcement.signature,
      ...changed.offers.flatMap(({ manifest, quote }) => [manifest, quote.content, quote.signature]),
    ];
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.integer({ min: 1, max: 255 }), (document, place, bits) => {
        const changed = structuredClone(documents);
        const all = pick(changed);
        const bytes = all[document % all.length] as Uint8Array;
        const at = place % bytes.length;
        bytes[at] = (bytes[at] as number) ^ bits;
        expect(refusalOf(changed)).not.toBe("accepted");
      }),
      { numRuns: 500 },
    );
  });
});
