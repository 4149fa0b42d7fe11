import { invariant } from "@koinon/errors/invariant";
import { certificateDocument, type KeyCertificate } from "@koinon/receipts/certificate";
import { type DocumentBytes, decodeDocument } from "@koinon/receipts/document";
import { type Quote, quoteDocument } from "@koinon/receipts/quote";
import type { Hex } from "@koinon/secp256k1/hex";
import { RecentMap } from "../recent-map.ts";
import type { RegistryStore } from "../registry/registry-store.ts";

/** The documents of a settlement, read. */
export interface ReadDocuments {
  readonly certificate: KeyCertificate;
  readonly certificateBytes: DocumentBytes;
  readonly quote: Quote;
  readonly quoteBytes: DocumentBytes;
  readonly manifest: Uint8Array;
}

/** Which documents: as reservations and settlements name them. */
export interface DocumentIds {
  readonly certificateId: Hex;
  readonly priceId: Hex;
  readonly subject: Hex;
}

/** Keeps the documents of settlements at hand; they never change, since each is found by its hash. */
export class DocumentShelf {
  readonly #store: Pick<RegistryStore, "documents">;
  readonly #kept: RecentMap<string, ReadDocuments>;

  constructor(options: { entriesMax: number }, dependencies: { store: Pick<RegistryStore, "documents"> }) {
    this.#kept = new RecentMap(options);
    this.#store = dependencies.store;
  }

  /** The documents of a settlement. They were kept before anything was reserved under them, and are kept for ever. */
  async of({ certificateId, priceId, subject }: DocumentIds): Promise<ReadDocuments> {
    const key = `${certificateId}${priceId}`;
    const known = this.#kept.get(key);
    if (known !== undefined) return known;
    const found = await this.#store.documents({ certificateId, priceId, subject });
    invariant(found !== undefined, "the documents of a reservation are kept");
    const documents = {
      certificate: decodeDocument(certificateDocument, found.certificate).document,
      certificateBytes: found.certificate,
      quote: decodeDocument(quoteDocument, found.quote).document,
      quoteBytes: found.quote,
      manifest: found.manifest,
    };
    this.#kept.set(key, documents);
    return documents;
  }
}
