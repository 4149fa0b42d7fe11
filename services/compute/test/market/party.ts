import type { Domain } from "@koinon/eip712/domain";
import { type Announcement, announcementDocument } from "@koinon/receipts/announcement";
import { certificateDocument, type KeyCertificate } from "@koinon/receipts/certificate";
import {
  type DocumentBytes,
  type DocumentType,
  documentId,
  encodeDocument,
  signDocument,
} from "@koinon/receipts/document";
import { createKoinonDomain } from "@koinon/receipts/domain";
import { type Heartbeat, heartbeatDocument } from "@koinon/receipts/heartbeat";
import { type Manifest, manifestBytes, manifestHash } from "@koinon/receipts/manifest";
import { type Quote, quoteDocument } from "@koinon/receipts/quote";
import type { Address } from "@koinon/secp256k1/address";
import { createSigner } from "@koinon/secp256k1/ecdsa";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import type { Signer } from "@koinon/secp256k1/signer";
import { SeededRandom } from "@koinon/testkit/seeded-random";
import type { RegistrationDocuments } from "../../src/market/registry/registration.ts";

/** The domain that tests sign under. */
export const testDomain: Domain = createKoinonDomain({ chainId: 31_337n, verifyingContract: `0x${"00".repeat(20)}` });

/** A chat model; `name` makes it another one. */
export function testManifest(name = "test-model", fields: Partial<Manifest> = {}): Manifest {
  return {
    format: "koinon.manifest/1",
    name,
    kind: "chat",
    weights: null,
    tokenizerHash: null,
    chatTemplateHash: null,
    engine: { name: "scripted", version: "1" },
    quantisation: null,
    contextTokens: 1_000,
    licence: "Apache-2.0",
    author: "tests",
    provenance: { source: "nowhere", baseModel: null, datasets: [] },
    ...fields,
  };
}

/** What a party offers: a model and its prices. */
export interface PartyOffer {
  readonly manifest: Manifest;
  readonly quote?: Partial<Quote>;
}

/** A provider's keys and the documents it makes with them; reproducible from its name. */
export class Party {
  readonly name: string;
  readonly root: Signer;
  serving: Signer;
  readonly domain: Domain;
  readonly random: SeededRandom;
  /** Validity of everything it signs. */
  validFrom = 0n;
  validUntil = BigInt(Date.UTC(2100, 0, 1));
  sequence = 0n;

  constructor(name: string, domain = testDomain) {
    this.name = name;
    this.domain = domain;
    this.random = new SeededRandom(`party ${name}`);
    this.root = createSigner(this.random.bytes(32));
    this.serving = createSigner(this.random.bytes(32));
  }

  get address(): Address {
    return this.root.address;
  }

  certificate(fields: Partial<KeyCertificate> = {}, signer = this.root): DocumentBytes {
    const certificate = {
      root: this.root.address,
      key: this.serving.address,
      purpose: "serving",
      epoch: 1n,
      notBefore: this.validFrom,
      notAfter: this.validUntil,
      ...fields,
    };
    return this.sign(certificateDocument, certificate, signer);
  }

  quote({ manifest, quote }: PartyOffer): {
    readonly quote: Quote;
    readonly priceId: Hex;
    readonly bytes: DocumentBytes;
  } {
    const document: Quote = {
      provider: this.address,
      subject: manifestHash(manifest),
      version: 1n,
      inputPrice: 1_000_000n,
      outputPrice: 2_000_000n,
      requestPrice: 5n,
      validFrom: this.validFrom,
      validUntil: this.validUntil,
      ...quote,
    };
    return {
      quote: document,
      priceId: documentId(quoteDocument, document, this.domain),
      bytes: this.sign(quoteDocument, document, this.serving),
    };
  }

  /** A registration of these offers, with the next sequence unless the fields say otherwise. */
  registration(offers: readonly PartyOffer[], fields: Partial<Announcement> = {}): RegistrationDocuments {
    this.sequence += 1n;
    const quotes = offers.map((offer) => this.quote(offer));
    const announcement: Announcement = {
      provider: this.address,
      name: this.name,
      region: "eu-west",
      endpoint: `local:${this.name}`,
      subjects: offers.map(({ manifest }) => manifestHash(manifest)),
      prices: quotes.map(({ priceId }) => priceId),
      capacity: 8n,
      sequence: this.sequence,
      issuedAt: this.validFrom,
      expiresAt: this.validUntil,
      ...fields,
    };
    return {
      certificate: this.certificate(),
      announcement: this.sign(announcementDocument, announcement, this.serving),
      offers: offers.map(({ manifest }, place) => ({
        manifest: manifestBytes(manifest),
        quote: (quotes[place] as { bytes: DocumentBytes }).bytes,
      })),
    };
  }

  /** A heartbeat sent at this time, with no load unless the fields say otherwise. */
  heartbeat(sentAt: number, fields: Partial<Heartbeat> = {}, signer = this.serving): DocumentBytes {
    const idle = { active: 0n, queued: 0n, draining: false };
    return this.sign(heartbeatDocument, { provider: this.address, sentAt: BigInt(sentAt), ...idle, ...fields }, signer);
  }

  sign<V extends object>(type: DocumentType<V>, document: V, signer: Signer): DocumentBytes {
    return encodeDocument(type, signDocument(type, document, { domain: this.domain, signer }));
  }

  /** 32 bytes nobody has seen before. */
  nonce(): Hex {
    return bytesToHex(this.random.bytes(32));
  }
}
