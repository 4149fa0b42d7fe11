import { describe, expect, test } from "@jest/globals";
import { SettledReceipt } from "@koinon/contracts/koinon/compute/v1/market_service";
import { SampleProvider, type SampleWork, sampleDomain, sampleEpochMs } from "@koinon/contributions/sample-work";
import { encodeLogEntry } from "@koinon/receipts/log-entry";
import fc from "fast-check";
import { settledPayload } from "../../test/settled-events.ts";
import { SettledVerifier } from "./settled-verifier.ts";

const clock = { now: () => Number(sampleEpochMs) + 60_000 };
const verifier = () => new SettledVerifier({ domain: sampleDomain }, { clock });

function reasonOf(payload: Uint8Array): string {
  const verdict = verifier().verify(payload);
  return verdict.kind === "loggable" ? "loggable" : verdict.refusal.reason;
}

const mixed = (work: SampleWork, parts: Partial<SampleWork>) => settledPayload({ ...work, ...parts });

describe("settled verifier", () => {
  test("answers the entries and ids of genuine work", () => {
    const work = new SampleProvider("a").serve();
    const payload = settledPayload(work);
    const verdict = verifier().verify(payload);
    expect(verdict).toMatchObject({
      kind: "loggable",
      receipt: { id: work.id, document: work.receipt.document, payload },
    });
    if (verdict.kind !== "loggable") return;
    expect(verdict.receipt.entry).toEqual(encodeLogEntry({ type: "receipt", signed: work.receipt }));
    expect(verdict.receipt.quote.entry).toEqual(encodeLogEntry({ type: "quote", signed: work.quote }));
    expect(verdict.receipt.certificate.entry).toEqual(
      encodeLogEntry({ type: "certificate", signed: work.certificate }),
    );
  });

  test("refuses with a reason, under the receipt's id where there is one", () => {
    const [a, b] = [new SampleProvider("a"), new SampleProvider("b")];
    const [work, other] = [a.serve(), b.serve()];
    expect(reasonOf(settledPayload(work))).toBe("loggable");
    expect(reasonOf(Uint8Array.of(1, 2, 3))).toBe("EVENT_MALFORMED");
    expect(reasonOf(new Uint8Array(0))).toBe("EVENT_MALFORMED");
    expect(reasonOf(mixed(work, { certificate: other.certificate }))).toBe("QUOTE_NOT_BY_KEY");
    expect(reasonOf(mixed(work, { quote: other.quote }))).toBe("QUOTE_NOT_BY_KEY");
    expect(reasonOf(mixed(work, { quote: other.quote, certificate: other.certificate }))).toBe("RECEIPT_NOT_BY_KEY");
    const zero = { ...work.receipt, signature: `0x${"00".repeat(64)}1b` as const };
    expect(reasonOf(mixed(work, { receipt: zero }))).toBe("SIGNATURE_MALFORMED");
    const later = BigInt(clock.now()) + 300_000n;
    expect(reasonOf(settledPayload(a.serve(1, { finishedAt: later })))).toBe("loggable");
    expect(reasonOf(settledPayload(a.serve(2, { finishedAt: later + 1n })))).toBe("RECEIPT_FROM_FUTURE");
    const verdict = verifier().verify(mixed(work, { quote: other.quote }));
    expect(verdict).toMatchObject({ refusal: { id: work.id } });
  });

  test("remembers certificates and quotes, but not for other bytes", () => {
    const checking = verifier();
    const provider = new SampleProvider("a");
    for (let i = 0; i < 3; i++) expect(checking.verify(settledPayload(provider.serve())).kind).toBe("loggable");
    const work = provider.serve();
    const forged = { ...work.certificate, document: { ...work.certificate.document, epoch: 9n } };
    expect(checking.verify(mixed(work, { certificate: forged }))).toMatchObject({
      refusal: { reason: "CERTIFICATE_NOT_BY_ROOT" },
    });
  });

  test("takes no event with any byte of its documents changed", () => {
    const work = new SampleProvider("a").serve();
    const event = SettledReceipt.decode(settledPayload(work));
    const place = fc.record({
      part: fc.constantFrom("receipt" as const, "quote" as const, "certificate" as const),
      field: fc.constantFrom("content" as const, "signature" as const),
      at: fc.nat(),
      flip: fc.integer({ min: 1, max: 255 }),
    });
    fc.assert(
      fc.property(place, ({ part, field, at, flip }) => {
        const document = event[part] ?? { content: new Uint8Array(1), signature: new Uint8Array(1) };
        const bytes = Uint8Array.from(document[field]);
        bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ flip;
        const payload = SettledReceipt.encode({ ...event, [part]: { ...document, [field]: bytes } }).finish();
        expect(reasonOf(payload)).not.toBe("loggable");
      }),
      { numRuns: 1_000 },
    );
  });
});
