import { describe, expect, test } from "@jest/globals";
import { createSigner } from "@koinon/secp256k1/ecdsa";
import { bytesToHex } from "@koinon/secp256k1/hex";
import { certificateDocument } from "./certificate.ts";
import { signDocument } from "./document.ts";
import { createKoinonDomain } from "./domain.ts";
import { decodeLogEntry, encodeLogEntry, frameLogEntry, type LogEntry, logEntryBytesMax } from "./log-entry.ts";
import { quoteDocument } from "./quote.ts";
import { parentsMax, receiptDocument, zeroHash } from "./receipt.ts";

const domain = createKoinonDomain({ chainId: 31_337n, verifyingContract: `0x${"00".repeat(20)}` });
const signer = createSigner(new Uint8Array(32).fill(9));
const by = { domain, signer };
const hash = `0x${"ab".repeat(32)}` as const;

const receipt = {
  kind: 2,
  outcome: 1,
  requestId: `0x${"00".repeat(31)}01`,
  session: hash,
  sequence: 0n,
  previous: zeroHash,
  consumer: signer.address,
  provider: signer.address,
  subject: hash,
  inputHash: hash,
  outputHash: hash,
  inputUnits: 1n,
  outputUnits: 0n,
  priceId: hash,
  fee: 1n,
  startedAt: 5n,
  finishedAt: 6n,
  evidence: zeroHash,
  parents: [],
} as const;

const entries: readonly LogEntry[] = [
  {
    type: "certificate",
    signed: signDocument(
      certificateDocument,
      { root: signer.address, key: signer.address, purpose: "serving", epoch: 1n, notBefore: 1n, notAfter: 9n },
      by,
    ),
  },
  {
    type: "quote",
    signed: signDocument(
      quoteDocument,
      {
        provider: signer.address,
        subject: hash,
        version: 1n,
        inputPrice: 1n,
        outputPrice: 2n,
        requestPrice: 3n,
        validFrom: 4n,
        validUntil: 5n,
      },
      by,
    ),
  },
  { type: "receipt", signed: signDocument(receiptDocument, receipt, by) },
];

describe.each(entries.map((entry) => [entry.type, entry] as const))("log entry: %s", (_type, entry) => {
  test("has the documented layout and reads back", () => {
    const bytes = encodeLogEntry(entry);
    expect(bytes[0]).toBe({ certificate: 1, quote: 2, receipt: 3 }[entry.type]);
    const contentBytes = new DataView(bytes.buffer).getUint32(1);
    expect(bytes.length).toBe(1 + 4 + contentBytes + 65);
    expect(bytesToHex(bytes.subarray(-65))).toBe(entry.signed.signature);
    expect(decodeLogEntry(bytes)).toEqual(entry);
    const document = { content: bytes.subarray(5, -65), signature: bytes.subarray(-65) };
    expect(frameLogEntry(entry.type, document)).toEqual(bytes);
  });

  test("is refused when cut, extended, of another type or with another length", () => {
    const bytes = encodeLogEntry(entry);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeLogEntry(bytes.subarray(0, length))).toThrow();
    }
    expect(() => decodeLogEntry(Uint8Array.from([...bytes, 0]))).toThrow("DOCUMENT_MALFORMED");
    for (let type = 0; type < 256; type++) {
      if (type !== bytes[0]) expect(() => decodeLogEntry(bytes.with(0, type))).toThrow();
    }
    for (const index of [1, 2, 3, 4]) {
      expect(() => decodeLogEntry(bytes.with(index, (bytes[index] as number) ^ 1))).toThrow("DOCUMENT_MALFORMED");
    }
  });

  test("no two byte strings are the same entry", () => {
    const bytes = encodeLogEntry(entry);
    for (let index = 0; index < bytes.length; index++) {
      const changed = bytes.with(index, (bytes[index] as number) ^ 0x01);
      let decoded: LogEntry;
      try {
        decoded = decodeLogEntry(changed);
      } catch {
        continue;
      }
      expect([index, bytesToHex(encodeLogEntry(decoded))]).toEqual([index, bytesToHex(changed)]);
    }
  });
});

test("the largest receipt fits an entry", () => {
  const parents = Array.from(
    { length: parentsMax },
    (_, index) => `0x${index.toString(16).padStart(64, "0")}` as const,
  );
  const bytes = encodeLogEntry({ type: "receipt", signed: signDocument(receiptDocument, { ...receipt, parents }, by) });
  expect(bytes.length).toBeLessThan(logEntryBytesMax);
  expect(() => decodeLogEntry(new Uint8Array(logEntryBytesMax + 1))).toThrow("more than 65535");
});

test("a signature that is not 65 bytes is refused", () => {
  const signed = { document: receipt, signature: "0x00" } as const;
  expect(() => encodeLogEntry({ type: "receipt", signed })).toThrow("not 65 bytes");
});
