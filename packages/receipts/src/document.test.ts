import { describe, expect, test } from "@jest/globals";
import { createSigner } from "@koinon/secp256k1/ecdsa";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import fc from "fast-check";
import { encodeAbiParameters, hashTypedData, recoverTypedDataAddress } from "viem";
import { malformedField } from "../test/malformed-field.ts";
import { type Announcement, announcementDocument } from "./announcement.ts";
import { certificateDocument, certifies, type KeyCertificate } from "./certificate.ts";
import {
  type DocumentType,
  decodeDocument,
  documentId,
  encodeDocument,
  isSignedBy,
  recoverDocumentSigner,
  signDocument,
} from "./document.ts";
import { createKoinonDomain } from "./domain.ts";
import { type Quote, quoteDocument, quoteFee, quoteHoldsAt } from "./quote.ts";
import { type Receipt, receiptDocument, zeroHash } from "./receipt.ts";

const network = { chainId: 31_337n, verifyingContract: "0x0000000000000000000000000000000000000000" } as const;
const domain = createKoinonDomain(network);
const signer = createSigner(new Uint8Array(32).fill(7));
const hash = (byte: number): Hex => `0x${byte.toString(16).padStart(2, "0").repeat(32)}`;
const party: Hex = `0x${"cd".repeat(20)}`;

const receipt: Receipt = {
  kind: 1,
  outcome: 0,
  requestId: `0x${"00".repeat(16)}${"5a".repeat(16)}`,
  session: hash(1),
  sequence: 3n,
  previous: hash(2),
  consumer: party,
  provider: signer.address,
  subject: hash(3),
  inputHash: hash(4),
  outputHash: hash(5),
  inputUnits: 12n,
  outputUnits: 345n,
  priceId: hash(6),
  fee: 777n,
  startedAt: 1_700_000_000_000n,
  finishedAt: 1_700_000_000_900n,
  evidence: zeroHash,
  parents: [hash(7), hash(8)],
};
const quote: Quote = {
  provider: signer.address,
  subject: hash(3),
  version: 2n,
  inputPrice: 100_000n,
  outputPrice: 400_000n,
  requestPrice: 5n,
  validFrom: 1_700_000_000_000n,
  validUntil: 1_700_000_600_000n,
};
const certificate: KeyCertificate = {
  root: party,
  key: signer.address,
  purpose: "serving",
  epoch: 1n,
  notBefore: 10n,
  notAfter: 20n,
};
const announcement: Announcement = {
  provider: party,
  name: "Atlas \u00e9",
  region: "eu-west",
  endpoint: "unix:/run/koinon/provider.sock",
  subjects: [hash(3)],
  prices: [hash(6)],
  capacity: 4n,
  sequence: 9n,
  issuedAt: 1n,
  expiresAt: 2n,
};

// The type strings of docs/architecture.md, "Everything signed".
const typeStrings = {
  KeyCertificate:
    "KeyCertificate(address root,address key,string purpose,uint64 epoch,uint64 notBefore,uint64 notAfter)",
  Quote:
    "Quote(address provider,bytes32 subject,uint64 version,uint128 inputPrice,uint128 outputPrice,uint128 requestPrice,uint64 validFrom,uint64 validUntil)",
  Announcement:
    "Announcement(address provider,string name,string region,string endpoint,bytes32[] subjects,bytes32[] prices,uint64 capacity,uint64 sequence,uint64 issuedAt,uint64 expiresAt)",
  Receipt:
    "Receipt(uint8 kind,uint8 outcome,bytes32 requestId,bytes32 session,uint64 sequence,bytes32 previous,address consumer,address provider,bytes32 subject,bytes32 inputHash,bytes32 outputHash,uint64 inputUnits,uint64 outputUnits,bytes32 priceId,uint128 fee,uint64 startedAt,uint64 finishedAt,bytes32 evidence,bytes32[] parents)",
};

function viemFields(typeString: string): { type: string; name: string }[] {
  const inner = typeString.slice(typeString.indexOf("(") + 1, -1);
  return inner.split(",").map((field) => {
    const [type = "", name = ""] = field.split(" ");
    return { type, name };
  });
}

async function agreesWithViem<V extends object>(type: DocumentType<V>, value: V, typeString: string): Promise<void> {
  const name = type.struct.name;
  expect(type.struct.encodeType).toBe(typeString);
  const fields = viemFields(typeString);
  const typedData = {
    domain: { name: "Koinon", version: "1", ...network },
    types: { [name]: fields },
    primaryType: name,
    message: value as Record<string, unknown>,
  };
  expect(documentId(type, value, domain)).toBe(hashTypedData(typedData));
  const signed = signDocument(type, value, { domain, signer });
  expect((await recoverTypedDataAddress({ ...typedData, signature: signed.signature })).toLowerCase()).toBe(
    signer.address,
  );
  const bytes = encodeDocument(type, signed);
  expect(bytesToHex(bytes.content)).toBe(
    encodeAbiParameters([{ type: "tuple", components: fields }], [Object.fromEntries(Object.entries(value))]),
  );
  expect(decodeDocument(type, bytes)).toEqual(signed);
}

describe("documents", () => {
  test("ids, signatures and bytes agree with viem under the documented types", async () => {
    await agreesWithViem(receiptDocument, receipt, typeStrings.Receipt);
    await agreesWithViem(receiptDocument, { ...receipt, parents: [] }, typeStrings.Receipt);
    await agreesWithViem(quoteDocument, quote, typeStrings.Quote);
    await agreesWithViem(certificateDocument, certificate, typeStrings.KeyCertificate);
    await agreesWithViem(announcementDocument, announcement, typeStrings.Announcement);
  });

  test("a signature is for one document, one domain and one signer", () => {
    const signed = signDocument(receiptDocument, receipt, { domain, signer });
    const expected = signer.address;
    expect(recoverDocumentSigner(receiptDocument, signed, domain)).toBe(expected);
    expect(isSignedBy(receiptDocument, signed, { domain, expected })).toBe(true);
    expect(isSignedBy(receiptDocument, signed, { domain, expected: party })).toBe(false);
    const otherDomain = createKoinonDomain({ ...network, chainId: 1n });
    expect(isSignedBy(receiptDocument, signed, { domain: otherDomain, expected })).toBe(false);
    const otherFee = { ...signed, document: { ...receipt, fee: 778n } };
    expect(isSignedBy(receiptDocument, otherFee, { domain, expected })).toBe(false);
    expect(isSignedBy(receiptDocument, { ...signed, signature: "0x00" }, { domain, expected })).toBe(false);
  });

  test("a receipt that breaks a rule is neither signed nor read", () => {
    const broken: readonly [Partial<Receipt>, string][] = [
      [{ kind: 0 }, "kind"],
      [{ kind: 3 }, "kind"],
      [{ outcome: 3 }, "outcome"],
      [{ requestId: hash(1) }, "requestId"],
      [{ sequence: 0n }, "previous"],
      [{ previous: zeroHash }, "previous"],
      [{ finishedAt: 1_699_999_999_999n }, "finishedAt"],
      [{ evidence: hash(1) }, "evidence"],
      [{ parents: [hash(1), hash(1)] }, "parents"],
      [{ parents: Array.from({ length: 65 }, (_, index) => hash(index)) }, "parents"],
    ];
    for (const [change, field] of broken) {
      const value = { ...receipt, ...change };
      expect(malformedField(() => signDocument(receiptDocument, value, { domain, signer }))).toBe(field);
      const bytes = { content: receiptDocument.struct.encode(value), signature: new Uint8Array(65) };
      expect(malformedField(() => decodeDocument(receiptDocument, bytes))).toBe(field);
    }
    const edges: readonly Partial<Receipt>[] = [
      { sequence: 0n, previous: zeroHash },
      { finishedAt: receipt.startedAt },
      { parents: Array.from({ length: 64 }, (_, index) => hash(index)) },
      { kind: 2, outcome: 2 },
    ];
    for (const change of edges) receiptDocument.check({ ...receipt, ...change });
  });

  test("rules of quotes, certificates and announcements", () => {
    expect(malformedField(() => quoteDocument.check({ ...quote, validUntil: quote.validFrom }))).toBe("validUntil");
    expect(malformedField(() => certificateDocument.check({ ...certificate, purpose: "Serving" }))).toBe("purpose");
    expect(malformedField(() => certificateDocument.check({ ...certificate, notAfter: 9n }))).toBe("notAfter");
    expect(malformedField(() => certificateDocument.check({ ...certificate, notAfter: 10n }))).toBe("accepted");
    const broken: readonly [Partial<Announcement>, string][] = [
      [{ name: "" }, "name"],
      [{ name: "x".repeat(65) }, "name"],
      [{ name: "a\u202eb" }, "name"],
      [{ region: "EU" }, "region"],
      [{ region: "" }, "region"],
      [{ endpoint: "x".repeat(513) }, "endpoint"],
      [{ subjects: [hash(3), hash(3)], prices: [hash(6), hash(6)] }, "subjects"],
      [{ prices: [] }, "prices"],
      [{ expiresAt: 1n }, "expiresAt"],
    ];
    for (const [change, field] of broken) {
      expect([change, malformedField(() => announcementDocument.check({ ...announcement, ...change }))]).toEqual([
        change,
        field,
      ]);
    }
  });

  test("validity at its edges", () => {
    const at = (moment: bigint): boolean => certifies(certificate, { purpose: "serving", at: moment });
    expect([9n, 10n, 20n, 21n].map(at)).toEqual([false, true, true, false]);
    expect(certifies(certificate, { purpose: "witness", at: 15n })).toBe(false);
    const holds = (moment: bigint): boolean => quoteHoldsAt(quote, moment);
    expect([quote.validFrom - 1n, quote.validFrom, quote.validUntil - 1n, quote.validUntil].map(holds)).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });
});

describe("quoteFee", () => {
  test("rounds the metered part up, once", () => {
    const fee = (inputUnits: bigint, outputUnits: bigint, prices: Partial<Quote> = {}): bigint =>
      quoteFee({ ...quote, ...prices }, { inputUnits, outputUnits });
    expect(fee(0n, 0n)).toBe(5n);
    expect(fee(1n, 0n)).toBe(6n);
    expect(fee(10n, 0n)).toBe(6n);
    expect(fee(11n, 0n)).toBe(7n);
    expect(fee(12n, 345n)).toBe(5n + 140n); // 139.2 rounded up
    expect(fee(1_000_000n, 1_000_000n)).toBe(5n + 500_000n);
    // Rounding each part by itself would make this 2.
    expect(fee(1n, 1n, { inputPrice: 500_000n, outputPrice: 500_000n, requestPrice: 0n })).toBe(1n);
    expect(fee(9n, 9n, { inputPrice: 0n, outputPrice: 0n, requestPrice: 0n })).toBe(0n);
  });

  test("is the least whole number not below the exact price, and grows with every unit and price", () => {
    const amount = fc.bigInt({ min: 0n, max: 2n ** 40n });
    fc.assert(
      fc.property(
        amount,
        amount,
        amount,
        amount,
        amount,
        (inputUnits, outputUnits, inputPrice, outputPrice, requestPrice) => {
          const prices = { inputPrice, outputPrice, requestPrice };
          const fee = quoteFee(prices, { inputUnits, outputUnits });
          const exactMillionths = inputUnits * inputPrice + outputUnits * outputPrice + requestPrice * 1_000_000n;
          expect(fee * 1_000_000n >= exactMillionths).toBe(true);
          expect((fee - 1n) * 1_000_000n < exactMillionths).toBe(true);
          expect(quoteFee(prices, { inputUnits: inputUnits + 1n, outputUnits }) >= fee).toBe(true);
        },
      ),
    );
  });

  test("refuses a fee that the receipt can not hold", () => {
    const most = 2n ** 128n - 1n;
    const units = { inputUnits: 0n, outputUnits: 1_000_000n };
    expect(quoteFee({ inputPrice: 0n, outputPrice: most, requestPrice: 0n }, units)).toBe(most);
    expect(() => quoteFee({ inputPrice: 0n, outputPrice: most, requestPrice: 1n }, units)).toThrow("FEE_OUT_OF_RANGE");
  });
});
