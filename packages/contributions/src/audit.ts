import type { Domain } from "@koinon/eip712/domain";
import { certificateDocument, type KeyCertificate } from "@koinon/receipts/certificate";
import { type DocumentType, documentId, type Signed } from "@koinon/receipts/document";
import { decodeLogEntry, type LogEntry } from "@koinon/receipts/log-entry";
import { type Quote, quoteDocument } from "@koinon/receipts/quote";
import { type Receipt, receiptDocument } from "@koinon/receipts/receipt";
import { recoverAddress } from "@koinon/secp256k1/ecdsa";
import { type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import { AuditError } from "./audit-error.ts";
import { type Contribution, ContributionView } from "./contribution.ts";
import { checkCertificate, checkQuote, checkReceipt, type Recovered, type RuleViolation } from "./receipt-rules.ts";
import { headOf, placeInSession, type SessionHead } from "./session-rules.ts";

/**
 * Reads a contribution log from its first entry on and believes nothing in it: every signature, fee and session chain is checked,
 * and that what an entry relies on stands before it. Keeps ids and session heads in memory, about 200 bytes an entry. That the
 * entries are those of a signed tree is for the caller to check (`@koinon/tlog`).
 */
export class ContributionAudit {
  readonly #domain: Domain;
  readonly #view = new ContributionView();
  readonly #indexes = new Map<Hex, bigint>();
  /** Certificates by key: a key may have several, for different times. */
  readonly #certificates = new Map<Hex, KeyCertificate[]>();
  readonly #quotes = new Map<Hex, Quote>();
  readonly #sessions = new Map<Hex, SessionHead>();
  #size = 0n;

  constructor(options: { domain: Domain }) {
    this.#domain = options.domain;
  }

  /** How many entries have been read. */
  get size(): bigint {
    return this.#size;
  }

  /** Reads the next entry; throws AuditError, after which the audit has failed. */
  add(bytes: Uint8Array): void {
    const entry = this.#decode(bytes);
    switch (entry.type) {
      case "certificate":
        this.#addCertificate(entry.signed);
        break;
      case "quote":
        this.#addQuote(entry.signed);
        break;
      case "receipt":
        this.#addReceipt(entry.signed);
        break;
    }
    this.#size++;
  }

  /** The contribution view of the entries read. */
  contributions(): Contribution[] {
    return this.#view.list();
  }

  #addCertificate(signed: Signed<KeyCertificate>): void {
    const certificate = this.#recover(certificateDocument, signed);
    this.#assertRule(checkCertificate(certificate));
    this.#claim(certificate.id);
    const { key } = certificate.document;
    this.#certificates.set(key, [...(this.#certificates.get(key) ?? []), certificate.document]);
  }

  #addQuote(signed: Signed<Quote>): void {
    const quote = this.#recover(quoteDocument, signed);
    this.#certificatesFor(quote, (certificate) => checkQuote(quote, certificate));
    this.#claim(quote.id);
    this.#quotes.set(quote.id, quote.document);
  }

  #addReceipt(signed: Signed<Receipt>): void {
    const receipt = this.#recover(receiptDocument, signed);
    const { priceId, session } = receipt.document;
    const index = this.#size;
    const document = this.#quotes.get(priceId);
    if (document === undefined) throw new AuditError({ code: "QUOTE_NOT_LOGGED", index, priceId });
    const quote = { id: priceId, document };
    const certificates = this.#certificatesFor(receipt, (certificate) => checkReceipt(receipt, certificate, quote));
    this.#claim(receipt.id);
    const head = this.#sessions.get(session);
    // The log does not say which of several certificates of one key a receipt came with; the oldest that fits leaves the
    // session's later receipts the most room.
    const byEpoch = certificates.toSorted((a, b) => (a.epoch < b.epoch ? -1 : 1));
    const places = byEpoch.map((certificate) => placeInSession(head, receipt.document, certificate));
    const by = byEpoch[places.indexOf("next")];
    if (by === undefined) {
      throw new AuditError({
        code: "SESSION_BROKEN",
        index,
        session,
        place: places.includes("early") ? "early" : "conflict",
      });
    }
    this.#sessions.set(session, headOf(receipt.document, receipt.id, by));
    this.#view.add(receipt.document);
  }

  #decode(bytes: Uint8Array): LogEntry {
    try {
      return decodeLogEntry(bytes);
    } catch (cause) {
      throw new AuditError({ code: "ENTRY_MALFORMED", index: this.#size }, { cause });
    }
  }

  #recover<V extends object>(type: DocumentType<V>, signed: Signed<V>): Recovered<V> & { id: Hex } {
    try {
      const id = documentId(type, signed.document, this.#domain);
      return { document: signed.document, signer: recoverAddress(hexToBytes(id), hexToBytes(signed.signature)), id };
    } catch (cause) {
      throw new AuditError({ code: "SIGNATURE_MALFORMED", index: this.#size }, { cause });
    }
  }

  /** The logged certificates of the signing key that satisfy the rule; at least one. */
  #certificatesFor(
    signed: Recovered<object>,
    check: (certificate: KeyCertificate) => RuleViolation | undefined,
  ): KeyCertificate[] {
    const certificates = this.#certificates.get(signed.signer);
    if (certificates === undefined) {
      throw new AuditError({ code: "KEY_NOT_LOGGED", index: this.#size, key: signed.signer });
    }
    const fitting = certificates.filter((certificate) => check(certificate) === undefined);
    const [last] = certificates.slice(-1);
    if (fitting.length === 0 && last !== undefined) this.#assertRule(check(last));
    return fitting;
  }

  #assertRule(rule: RuleViolation | undefined): void {
    if (rule !== undefined) throw new AuditError({ code: "RULE_BROKEN", index: this.#size, rule });
  }

  #claim(id: Hex): void {
    const first = this.#indexes.get(id);
    if (first !== undefined) throw new AuditError({ code: "ENTRY_REPEATED", index: this.#size, first });
    this.#indexes.set(id, this.#size);
  }
}
