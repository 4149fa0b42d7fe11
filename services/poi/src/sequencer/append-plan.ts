import { type Contribution, ContributionView } from "@koinon/contributions/contribution";
import { headOf, placeInSession, type SessionHead } from "@koinon/contributions/session-rules";
import type { Hex } from "@koinon/secp256k1/hex";
import type { Refusal } from "../settled/refusal.ts";
import type { LoggableReceipt } from "../settled/settled-verifier.ts";
import type { NewEntry } from "../store/tree-store.ts";

/** What became of a receipt. */
export type AppendOutcome = "appended" | "duplicate" | "held" | "refused";

/** What the log knows of the receipts in a batch. */
export interface KnownState {
  readonly treeSize: bigint;
  /** Leaf indexes of documents that are in the log, of those in the batch. */
  readonly logged: ReadonlyMap<Hex, bigint>;
  /** Last receipts of the batch's sessions. */
  readonly sessions: ReadonlyMap<Hex, SessionHead>;
}

/** What a batch does to the log. */
export interface AppendPlan {
  /** New leaves, in order, the first at `treeSize`. */
  readonly entries: readonly NewEntry[];
  /** Sessions that moved on. */
  readonly sessions: ReadonlyMap<Hex, SessionHead>;
  /** Every receipt of the batch that is in the log then, new or not, with its leaf. */
  readonly logged: ReadonlyMap<Hex, bigint>;
  /** Certificates and quotes that the batch's appended receipts rely on, with their leaves. */
  readonly documents: ReadonlyMap<Hex, bigint>;
  readonly held: readonly LoggableReceipt[];
  readonly refused: readonly Refusal[];
  readonly contributions: readonly Contribution[];
  /** In the order of the batch. */
  readonly outcomes: readonly AppendOutcome[];
}

/** Decides what becomes of verified receipts, in the order they came. A pure function: the same batch on the same state gives the same plan. */
export function planAppend(batch: readonly LoggableReceipt[], known: KnownState): AppendPlan {
  const draft = new Draft(known);
  for (const receipt of batch) draft.consider(receipt);
  return draft.finish(batch);
}

class Draft {
  readonly #known: KnownState;
  readonly #entries: NewEntry[] = [];
  readonly #indexes = new Map<Hex, bigint>();
  readonly #sessions = new Map<Hex, SessionHead>();
  readonly #logged = new Map<Hex, bigint>();
  readonly #documents = new Map<Hex, bigint>();
  readonly #appended = new Set<Hex>();
  readonly #refused = new Map<Hex, Refusal>();
  readonly #view = new ContributionView();
  /** Receipts of the batch that came before their predecessor, by session in the order of their sequence. */
  readonly #early = new Map<Hex, LoggableReceipt[]>();

  constructor(known: KnownState) {
    this.#known = known;
  }

  consider(receipt: LoggableReceipt): void {
    const index = this.#indexOf(receipt.id);
    if (index !== undefined) {
      this.#logged.set(receipt.id, index);
      return;
    }
    switch (this.#placeOf(receipt)) {
      case "next":
        this.#append(receipt);
        this.#appendFollowers(receipt.document.session);
        break;
      case "early":
        this.#wait(receipt);
        break;
      case "conflict":
        this.#refuse(receipt);
        break;
    }
  }

  finish(batch: readonly LoggableReceipt[]): AppendPlan {
    const held = new Map([...this.#early.values()].flat().map((receipt) => [receipt.id, receipt]));
    const seen = new Set<Hex>();
    const outcomes = batch.map(({ id }): AppendOutcome => {
      const isFirst = !seen.has(id);
      seen.add(id);
      if (this.#appended.has(id)) return isFirst ? "appended" : "duplicate";
      if (this.#logged.has(id)) return "duplicate";
      return held.has(id) ? "held" : "refused";
    });
    return {
      entries: this.#entries,
      sessions: this.#sessions,
      logged: this.#logged,
      documents: this.#documents,
      held: [...held.values()],
      refused: [...this.#refused.values()],
      contributions: this.#view.list(),
      outcomes,
    };
  }

  #append(receipt: LoggableReceipt): void {
    const { document, certificate, quote } = receipt;
    const certificateIndex = this.#ensure(certificate.id, certificate.entry, null);
    this.#documents.set(certificate.id, certificateIndex);
    this.#documents.set(quote.id, this.#ensure(quote.id, quote.entry, null));
    this.#logged.set(receipt.id, this.#ensure(receipt.id, receipt.entry, certificateIndex));
    this.#appended.add(receipt.id);
    this.#sessions.set(document.session, headOf(document, receipt.id, certificate.document));
    this.#view.add(document);
  }

  #appendFollowers(session: Hex): void {
    const waiting = this.#early.get(session) ?? [];
    for (let first = waiting[0]; first !== undefined; first = waiting[0]) {
      const place = this.#placeOf(first);
      if (place === "early") return;
      waiting.shift();
      if (place === "next") this.#append(first);
      else this.#refuse(first);
    }
    this.#early.delete(session);
  }

  #wait(receipt: LoggableReceipt): void {
    const { session, sequence } = receipt.document;
    const waiting = this.#early.get(session) ?? [];
    if (waiting.some((other) => other.id === receipt.id)) return;
    const later = waiting.findIndex((other) => other.document.sequence > sequence);
    waiting.splice(later === -1 ? waiting.length : later, 0, receipt);
    this.#early.set(session, waiting);
  }

  #refuse({ id, document, payload }: LoggableReceipt): void {
    const detail = `session ${document.session} sequence ${document.sequence}`;
    this.#refused.set(id, { id, reason: "SESSION_CONFLICT", detail, payload });
  }

  #placeOf({ document, certificate }: LoggableReceipt) {
    const head = this.#sessions.get(document.session) ?? this.#known.sessions.get(document.session);
    return placeInSession(head, document, certificate.document);
  }

  /** The leaf of a document, appending it unless it is in the log. */
  #ensure(id: Hex, content: Uint8Array, certificateIndex: bigint | null): bigint {
    const known = this.#indexOf(id);
    if (known !== undefined) return known;
    const index = this.#known.treeSize + BigInt(this.#entries.length);
    this.#entries.push({ id, content, certificateIndex });
    this.#indexes.set(id, index);
    return index;
  }

  #indexOf(id: Hex): bigint | undefined {
    return this.#indexes.get(id) ?? this.#known.logged.get(id);
  }
}
