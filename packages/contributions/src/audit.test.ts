import { describe, expect, test } from "@jest/globals";
import { certificateDocument } from "@koinon/receipts/certificate";
import { type Signed, signDocument } from "@koinon/receipts/document";
import { encodeLogEntry } from "@koinon/receipts/log-entry";
import { quoteDocument } from "@koinon/receipts/quote";
import { type Receipt, receiptDocument } from "@koinon/receipts/receipt";
import { createSigner } from "@koinon/secp256k1/ecdsa";
import fc from "fast-check";
import { ContributionAudit } from "./audit.ts";
import { AuditError } from "./audit-error.ts";
import {
  SampleProvider,
  type SampleWork,
  sampleDomain,
  sampleEpochMs,
  sampleLog,
  sampleSecret,
} from "./sample-work.ts";

const stranger = createSigner(new Uint8Array(32).fill(9));
const entryOf = (signed: Signed<Receipt>) => encodeLogEntry({ type: "receipt", signed });

function audit(entries: readonly Uint8Array[]): ContributionAudit {
  const reading = new ContributionAudit({ domain: sampleDomain });
  for (const entry of entries) reading.add(entry);
  return reading;
}

function faultOf(entries: readonly Uint8Array[]): string {
  try {
    audit(entries);
    return "none";
  } catch (error) {
    if (!(error instanceof AuditError)) return `another error: ${error}`;
    return error.fault.code === "RULE_BROKEN" ? error.fault.rule : error.code;
  }
}

/** A log of one receipt that the overrides are signed into. */
function logWith(overrides: Partial<Receipt>, provider = new SampleProvider("a")): Uint8Array[] {
  return sampleLog([provider.serve(0, overrides)]);
}

describe("audit of a log", () => {
  test("gives what each party did, largest fee first", () => {
    const [a, b] = [new SampleProvider("a"), new SampleProvider("b")];
    const works = [a.serve(), b.serve(), a.serve(), a.serve(1), b.serve(0, { kind: 2 })];
    const entries = sampleLog(works);
    const reading = audit(entries);
    expect(reading.size).toBe(BigInt(entries.length));
    const contributions = reading.contributions();
    expect(contributions.map(({ provider, kind, receipts }) => [provider, kind, receipts])).toEqual([
      [a.quote.document.provider, 1, 3n],
      [b.quote.document.provider, 2, 1n],
      [b.quote.document.provider, 1, 1n],
    ]);
    const total = works.reduce((sum, { receipt }) => sum + receipt.document.fee, 0n);
    expect(contributions.reduce((sum, { fee }) => sum + fee, 0n)).toBe(total);
    expect(contributions[0]).toMatchObject({
      subject: a.quote.document.subject,
      inputUnits: 10n + 11n + 12n,
      outputUnits: 100n + 101n + 102n,
      firstAt: sampleEpochMs + 5n,
      lastAt: sampleEpochMs + 25n,
    });
  });

  test("finds every rule that a receipt can break", () => {
    const late = sampleEpochMs * 2n;
    expect(faultOf(logWith({}))).toBe("none");
    expect(faultOf(logWith({ fee: 1n }))).toBe("FEE_WRONG");
    expect(faultOf(logWith({ outputUnits: 5n }))).toBe("FEE_WRONG");
    expect(faultOf(logWith({ inputUnits: 2n ** 64n - 1n, fee: 0n }))).toBe("FEE_WRONG");
    expect(faultOf(logWith({ subject: `0x${"11".repeat(32)}` }))).toBe("SUBJECT_OF_ANOTHER_QUOTE");
    expect(faultOf(logWith({ priceId: `0x${"11".repeat(32)}` }))).toBe("QUOTE_NOT_LOGGED");
    expect(faultOf(logWith({ provider: stranger.address }))).toBe("RECEIPT_OF_ANOTHER_PARTY");
    expect(faultOf(logWith({ finishedAt: late }))).toBe("KEY_NOT_VALID");
    expect(faultOf(logWith({ sequence: 1n, previous: `0x${"11".repeat(32)}` }))).toBe("SESSION_BROKEN");
    const short = new SampleProvider("a", { quote: { validUntil: sampleEpochMs } });
    expect(faultOf(logWith({}, short))).toBe("QUOTE_NOT_IN_FORCE");
    expect(faultOf(logWith({ outcome: 1 }))).toBe("none");
    expect(faultOf(logWith({ outcome: 2 }))).toBe("BROKEN_WORK");
    const settling = new SampleProvider("a", { certificate: { purpose: "settlement" } });
    expect(faultOf(logWith({}, settling))).toBe("KEY_NOT_FOR_SERVING");
  });

  test("finds documents of others", () => {
    const provider = new SampleProvider("a");
    const [certificate, quote, receipt] = sampleLog([provider.serve()]) as [Uint8Array, Uint8Array, Uint8Array];
    const forged = signDocument(certificateDocument, provider.certificate.document, {
      domain: sampleDomain,
      signer: stranger,
    });
    expect(faultOf([encodeLogEntry({ type: "certificate", signed: forged })])).toBe("CERTIFICATE_NOT_BY_ROOT");
    expect(faultOf([certificate, receipt])).toBe("QUOTE_NOT_LOGGED");
    expect(faultOf([quote])).toBe("KEY_NOT_LOGGED");
    const other = new SampleProvider("b");
    const quoteOfOther = signDocument(
      quoteDocument,
      { ...other.quote.document },
      { domain: sampleDomain, signer: provider.key },
    );
    expect(faultOf([certificate, encodeLogEntry({ type: "quote", signed: quoteOfOther })])).toBe(
      "QUOTE_OF_ANOTHER_PARTY",
    );
  });

  test("finds repeated, missing and swapped entries", () => {
    const provider = new SampleProvider("a");
    const entries = sampleLog([provider.serve(), provider.serve(), provider.serve()]);
    expect(faultOf([...entries, entries[2] as Uint8Array])).toBe("ENTRY_REPEATED");
    expect(faultOf([...entries.slice(0, 2), entries[1] as Uint8Array])).toBe("ENTRY_REPEATED");
    expect(faultOf(entries.toSpliced(2, 1))).toBe("SESSION_BROKEN");
    expect(faultOf(entries.toSpliced(3, 1))).toBe("SESSION_BROKEN");
    expect(faultOf([...entries.slice(0, 2), ...entries.slice(2).reverse()])).toBe("SESSION_BROKEN");
    const [fork] = sampleLog([new SampleProvider("a").serve(0, { outputHash: `0x${"22".repeat(32)}` })]).slice(2);
    expect(faultOf([...entries, fork as Uint8Array])).toBe("SESSION_BROKEN");
    expect(faultOf([...entries, new Uint8Array(10)])).toBe("ENTRY_MALFORMED");
  });

  test("a session belongs to one consumer", () => {
    const provider = new SampleProvider("a");
    const works = [provider.serve(), provider.serve(0, { consumer: `0x${"dd".repeat(20)}` })];
    expect(faultOf(sampleLog(works))).toBe("SESSION_BROKEN");
  });

  test("a renewed certificate of the same key serves as well", () => {
    const provider = new SampleProvider("a", { certificate: { notAfter: sampleEpochMs } });
    const renewed = new SampleProvider("a", { certificate: { epoch: 2n } });
    const [certificate, quote, receipt] = sampleLog([provider.serve()]) as [Uint8Array, Uint8Array, Uint8Array];
    const renewal = encodeLogEntry({ type: "certificate", signed: renewed.certificate });
    expect(faultOf([certificate, quote, receipt])).toBe("KEY_NOT_VALID");
    expect(faultOf([certificate, quote, renewal, receipt])).toBe("none");
  });

  test("within a session a key is replaced by one of a later epoch only", () => {
    const log = (first: bigint, second: bigint) => {
      const [a, b] = [first, second].map((epoch) => new SampleProvider("a", { certificate: { epoch } }));
      if (a === undefined || b === undefined) throw new Error("two");
      const other = createSigner(new Uint8Array(32).fill(5));
      const work = a.serve();
      const next = b.serve(0, { sequence: 1n, previous: work.id });
      const certificate = signDocument(
        certificateDocument,
        { ...b.certificate.document, key: other.address },
        { domain: sampleDomain, signer: createSigner(sampleSecret("a root")) },
      );
      const receipt = signDocument(receiptDocument, next.receipt.document, { domain: sampleDomain, signer: other });
      return [
        ...sampleLog([work]),
        encodeLogEntry({ type: "certificate", signed: certificate }),
        encodeLogEntry({ type: "receipt", signed: receipt }),
      ];
    };
    expect(faultOf(log(1n, 2n))).toBe("none");
    expect(faultOf(log(2n, 1n))).toBe("SESSION_BROKEN");
    expect(faultOf(log(1n, 1n))).toBe("SESSION_BROKEN");
  });

  test("no byte of any entry can change unnoticed", () => {
    const provider = new SampleProvider("a");
    const works: SampleWork[] = [provider.serve(), provider.serve()];
    const entries = sampleLog(works);
    expect(entryOf((works[1] as SampleWork).receipt)).toEqual(entries.at(-1));
    const change = fc.record({
      entry: fc.nat(entries.length - 1),
      at: fc.nat(),
      flip: fc.integer({ min: 1, max: 255 }),
    });
    fc.assert(
      fc.property(change, ({ entry, at, flip }) => {
        const bytes = entries[entry] as Uint8Array;
        const place = at % bytes.length;
        const changed = entries.with(entry, bytes.with(place, (bytes[place] as number) ^ flip));
        expect(faultOf(changed)).not.toBe("none");
        expect(faultOf(changed)).not.toContain("another error");
      }),
      { numRuns: 1_500 },
    );
  });
});
