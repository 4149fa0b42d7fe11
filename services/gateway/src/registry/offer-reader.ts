import { createHash } from "node:crypto";
import type { Offer } from "@koinon/contracts/koinon/compute/v1/market_service";
import type { Domain } from "@koinon/eip712/domain";
import { decodeDocument, documentId } from "@koinon/receipts/document";
import { type Manifest, parseManifest } from "@koinon/receipts/manifest";
import { type Quote, quoteDocument } from "@koinon/receipts/quote";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";

/** One model of one provider under one quote, decoded. */
export interface ReadOffer {
  readonly manifest: Manifest;
  readonly manifestHash: Hex;
  readonly quote: Quote;
  readonly priceId: Hex;
}

const REMEMBERED_MAX = 10_000;

/**
 * Decodes offers, and remembers them by the quote's signature, since the same ones come back at every refresh. The market
 * checked them when their provider registered; one that can not be read here is left out, as the market is of a later version.
 */
export class OfferReader {
  readonly #domain: Domain;
  #fresh = new Map<string, ReadOffer>();
  #former = new Map<string, ReadOffer>();

  constructor(options: { readonly domain: Domain }) {
    this.#domain = options.domain;
  }

  read(offer: Offer): ReadOffer | undefined {
    if (offer.quote === undefined) return undefined;
    const { quote, manifest } = offer;
    const name = Buffer.from(quote.signature).toString("base64");
    const remembered = this.#fresh.get(name) ?? this.#former.get(name);
    if (remembered !== undefined) return this.#remember(name, remembered);
    try {
      const { document } = decodeDocument(quoteDocument, quote);
      return this.#remember(name, {
        manifest: parseManifest(manifest),
        manifestHash: bytesToHex(createHash("sha256").update(manifest).digest()),
        quote: document,
        priceId: documentId(quoteDocument, document, this.#domain),
      });
    } catch {
      return undefined;
    }
  }

  // Two generations: what is read again survives, the rest goes when the younger generation is full.
  #remember(name: string, offer: ReadOffer): ReadOffer {
    if (this.#fresh.size >= REMEMBERED_MAX) {
      this.#former = this.#fresh;
      this.#fresh = new Map();
    }
    this.#fresh.set(name, offer);
    return offer;
  }
}
