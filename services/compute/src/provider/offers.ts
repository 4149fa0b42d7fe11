import type { Domain } from "@koinon/eip712/domain";
import { digestOf } from "@koinon/receipts/commitment";
import { type DocumentBytes, documentId, encodeDocument, signDocument } from "@koinon/receipts/document";
import { type Quote, quoteDocument, quoteHoldsAt } from "@koinon/receipts/quote";
import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";
import type { Signer } from "@koinon/secp256k1/signer";
import { ProviderError } from "./errors.ts";

/** Prices of one model, in micro-credits per 1,000,000 units and per request. */
interface OfferPrices {
  readonly inputPrice: bigint;
  readonly outputPrice: bigint;
  readonly requestPrice: bigint;
}

/** A model that a provider sells. */
export interface OfferedModel extends OfferPrices {
  /** The model as the engine calls it. */
  readonly engineModel: string;
  readonly name: string;
  readonly kind: "chat" | "embedding";
  /** RFC 8785 bytes. */
  readonly manifest: Uint8Array;
}

/** An offered model under one signed quote. */
export interface QuotedModel {
  readonly model: OfferedModel;
  readonly subject: Hex;
  readonly priceId: Hex;
  readonly quote: Quote;
  readonly quoteBytes: DocumentBytes;
}

export interface OffersDependencies {
  readonly domain: Domain;
  readonly provider: Address;
  readonly signer: Signer;
  readonly clock: { now(): number };
}

/** Clocks differ; a quote holds a little before it was signed. */
const backdateMs = 60_000;

/** The signed quotes of a provider. A quote is replaced at half its life; requests under the former are served until it ends. */
export class Offers {
  readonly #models: readonly OfferedModel[];
  readonly #validityMs: number;
  readonly #dependencies: OffersDependencies;
  readonly #byPrice = new Map<Hex, QuotedModel>();
  #current: readonly QuotedModel[] = [];
  #renewAt = 0;

  constructor(
    options: { readonly models: readonly OfferedModel[]; readonly validityMs: number },
    dependencies: OffersDependencies,
  ) {
    this.#models = options.models;
    this.#validityMs = options.validityMs;
    this.#dependencies = dependencies;
  }

  /** The quotes to announce, in the order of the models. */
  get current(): readonly QuotedModel[] {
    return this.#current;
  }

  /** Signs new quotes when the current ones are past half their life; true when it did, and the market has to be told. */
  renewWhenDue(): boolean {
    const now = this.#dependencies.clock.now();
    if (now < this.#renewAt) return false;
    for (const [priceId, { quote }] of this.#byPrice) {
      if (quote.validUntil <= BigInt(now)) this.#byPrice.delete(priceId);
    }
    this.#current = this.#models.map((model) => this.#sign(model, now));
    for (const quoted of this.#current) this.#byPrice.set(quoted.priceId, quoted);
    this.#renewAt = now + this.#validityMs / 2;
    return true;
  }

  /** The offer that a request is under; throws when it is not this provider's, not for this manifest or not in force. */
  find(priceId: Hex, manifest: Hex): QuotedModel {
    const quoted = this.#byPrice.get(priceId);
    if (quoted === undefined) throw new ProviderError({ code: "PRICE_UNKNOWN", priceId });
    if (quoted.subject !== manifest) throw new ProviderError({ code: "MANIFEST_NOT_OFFERED", manifest });
    if (!quoteHoldsAt(quoted.quote, BigInt(this.#dependencies.clock.now()))) {
      throw new ProviderError({ code: "PRICE_NOT_IN_FORCE", priceId });
    }
    return quoted;
  }

  #sign(model: OfferedModel, now: number): QuotedModel {
    const { domain, signer, provider } = this.#dependencies;
    const subject = digestOf(model.manifest);
    const { inputPrice, outputPrice, requestPrice } = model;
    const quote: Quote = {
      provider,
      subject,
      // Grows across restarts without anything to remember.
      version: BigInt(now),
      inputPrice,
      outputPrice,
      requestPrice,
      validFrom: BigInt(now - backdateMs),
      validUntil: BigInt(now + this.#validityMs),
    };
    const quoteBytes = encodeDocument(quoteDocument, signDocument(quoteDocument, quote, { domain, signer }));
    return { model, subject, quote, quoteBytes, priceId: documentId(quoteDocument, quote, domain) };
  }
}
