import type { Domain } from "@koinon/eip712/domain";
import { certificateDocument, type KeyCertificate } from "@koinon/receipts/certificate";
import { documentId, type Signed, signDocument } from "@koinon/receipts/document";
import { createKoinonDomain } from "@koinon/receipts/domain";
import { encodeLogEntry } from "@koinon/receipts/log-entry";
import { type Quote, quoteDocument, quoteFee } from "@koinon/receipts/quote";
import { type Receipt, receiptDocument, zeroHash } from "@koinon/receipts/receipt";
import { zeroAddress } from "@koinon/secp256k1/address";
import { createSigner } from "@koinon/secp256k1/ecdsa";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import type { Signer } from "@koinon/secp256k1/signer";
import { sha256 } from "@noble/hashes/sha2.js";

/** One piece of work with everything that a log wants of it. */
export interface SampleWork {
  readonly id: Hex;
  readonly receipt: Signed<Receipt>;
  readonly quote: Signed<Quote>;
  readonly certificate: Signed<KeyCertificate>;
}

/** The network that samples are signed for: the laptop's. */
export const sampleDomain: Domain = createKoinonDomain({ chainId: 31_337n, verifyingContract: zeroAddress });

/** When samples happen: 2026-01-01, in milliseconds. */
export const sampleEpochMs = 1_767_225_600_000n;

const dayMs = 86_400_000n;

/** A made-up provider that really signs: certificate, quote, and sessions of receipts that follow from its seed. For tests and benchmarks. */
export class SampleProvider {
  readonly certificate: Signed<KeyCertificate>;
  readonly quote: Signed<Quote>;
  readonly key: Signer;
  readonly #name: string;
  readonly #priceId: Hex;
  readonly #sessions = new Map<number, { sequence: bigint; previous: Hex }>();
  #served = 0;

  constructor(name: string, overrides: { certificate?: Partial<KeyCertificate>; quote?: Partial<Quote> } = {}) {
    this.#name = name;
    const root = createSigner(sampleSecret(`${name} root`));
    this.key = createSigner(sampleSecret(`${name} key`));
    const notBefore = sampleEpochMs - dayMs;
    const notAfter = sampleEpochMs + 365n * dayMs;
    this.certificate = signDocument(
      certificateDocument,
      {
        root: root.address,
        key: this.key.address,
        purpose: "serving",
        epoch: 1n,
        notBefore,
        notAfter,
        ...overrides.certificate,
      },
      { domain: sampleDomain, signer: root },
    );
    const quote = {
      ...{ provider: root.address, subject: sampleHash(`${name} model`), version: 1n },
      ...{ inputPrice: 100_000n, outputPrice: 400_000n, requestPrice: 5n },
      ...{ validFrom: notBefore, validUntil: notAfter },
      ...overrides.quote,
    };
    this.quote = signDocument(quoteDocument, quote, { domain: sampleDomain, signer: this.key });
    this.#priceId = documentId(quoteDocument, this.quote.document, sampleDomain);
  }

  /** The next receipt of one of its sessions, signed; `overrides` are signed as well. */
  serve(session = 0, overrides: Partial<Receipt> = {}): SampleWork {
    const serial = this.#served++;
    const { sequence, previous } = this.#sessions.get(session) ?? { sequence: 0n, previous: zeroHash };
    const usage = { inputUnits: BigInt(10 + (serial % 50)), outputUnits: BigInt(100 + (serial % 300)) };
    const startedAt = sampleEpochMs + BigInt(serial) * 10n;
    const document: Receipt = {
      ...{
        kind: 1,
        outcome: 0,
        requestId: this.#requestId(serial),
        session: sampleHash(`${this.#name} session ${session}`),
      },
      ...{ sequence, previous, consumer: `0x${"c0".repeat(20)}`, provider: this.quote.document.provider },
      ...{
        subject: this.quote.document.subject,
        inputHash: sampleHash(`in ${serial}`),
        outputHash: sampleHash(`out ${serial}`),
      },
      ...{ ...usage, priceId: this.#priceId, fee: quoteFee(this.quote.document, usage) },
      ...{ startedAt, finishedAt: startedAt + 5n, evidence: zeroHash, parents: [] },
      ...overrides,
    };
    const receipt = signDocument(receiptDocument, document, { domain: sampleDomain, signer: this.key });
    const id = documentId(receiptDocument, document, sampleDomain);
    this.#sessions.set(session, { sequence: document.sequence + 1n, previous: id });
    return { id, receipt, quote: this.quote, certificate: this.certificate };
  }

  #requestId(serial: number): Hex {
    return `0x${"00".repeat(16)}${sampleHash(`${this.#name} request ${serial}`).slice(2, 34)}`;
  }
}

/** The log entries of some work, each certificate and quote once, before the first receipt that relies on it. */
export function sampleLog(works: readonly SampleWork[]): Uint8Array[] {
  const seen = new Set<string>();
  const entries: Uint8Array[] = [];
  for (const { certificate, quote, receipt } of works) {
    if (!seen.has(certificate.signature)) entries.push(encodeLogEntry({ type: "certificate", signed: certificate }));
    if (!seen.has(quote.signature)) entries.push(encodeLogEntry({ type: "quote", signed: quote }));
    seen.add(certificate.signature).add(quote.signature);
    entries.push(encodeLogEntry({ type: "receipt", signed: receipt }));
  }
  return entries;
}

/** 32 bytes that follow from a text; a sample provider's keys are those of "<name> root" and "<name> key". */
export function sampleSecret(text: string): Uint8Array {
  return sha256(new TextEncoder().encode(`koinon sample: ${text}`));
}

function sampleHash(text: string): Hex {
  return bytesToHex(sampleSecret(text));
}
