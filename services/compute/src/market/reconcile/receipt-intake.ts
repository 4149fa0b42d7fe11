import { setTimeout as delay } from "node:timers/promises";
import type { Domain } from "@koinon/eip712/domain";
import { contentDigest, decodeDocument } from "@koinon/receipts/document";
import { receiptDocument } from "@koinon/receipts/receipt";
import type { Clock } from "@koinon/runtime/clock";
import type { Address } from "@koinon/secp256k1/address";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import type { MoneyStore, SettlementRecord, SettleOutcome } from "../accounts/money-store.ts";
import { encodeSettledEvent, settledSubject } from "../events/settled-event.ts";
import type { MarketMetrics } from "../metrics.ts";
import type { Registry } from "../registry/registry.ts";
import { modelKindOf } from "../relay/inference.ts";
import {
  type CheckedReceipt,
  checkOpenedReceipt,
  type OpenedReceipt,
  openedReceiptBytes,
} from "../relay/receipt-check.ts";
import type { RequestGate } from "../relay/request-gate.ts";
import type { SessionTracker } from "../relay/session-tracker.ts";
import type { SettlementWriter } from "../relay/settlement-writer.ts";
import type { DocumentShelf, ReadDocuments } from "./document-shelf.ts";
import type { ReceiptResult } from "./receipt-result.ts";

/** How receipts are taken in. */
export interface ReceiptIntakeOptions {
  /** Longest wait for a relay that is just ending, in ms. */
  readonly relayWaitMs: number;
}

/** What taking receipts in works with. */
export interface ReceiptIntakeDependencies {
  readonly money: Pick<MoneyStore, "reservations" | "settle" | "void">;
  readonly documents: DocumentShelf;
  readonly registry: Registry;
  readonly gate: RequestGate;
  readonly writer: SettlementWriter;
  readonly sessions: SessionTracker;
  readonly domain: Domain;
  readonly clock: Clock;
  readonly metrics: MarketMetrics;
  readonly instance: string;
  accuse(provider: Address, reason: string, session: Hex | undefined): void;
  settled(): void;
}

interface Submitted {
  readonly opened: OpenedReceipt;
  readonly requestId: Hex;
  readonly receiptId: Hex;
}

/** What becomes of a receipt: known already, or what the store says once it is asked to settle. */
type Fate = ReceiptResult | (() => Promise<ReceiptResult>);

/**
 * Takes receipts that providers hand in from their journals: most are settled already, some were left behind by a client that went away or a
 * market that died. Those are settled on the provider's word within the reservation, held to what is known of what was delivered.
 */
export class ReceiptIntake {
  readonly #options: ReceiptIntakeOptions;
  readonly #deps: ReceiptIntakeDependencies;

  constructor(options: ReceiptIntakeOptions, dependencies: ReceiptIntakeDependencies) {
    this.#options = options;
    this.#deps = dependencies;
  }

  /**
   * The fate of each receipt, in order. Session order matters: a receipt is settled after the one before it, so all are handed to the store in
   * their order, and at once, because a chain that has fallen behind must be caught up with faster than it grows.
   */
  async take(receipts: readonly OpenedReceipt[]): Promise<ReceiptResult[]> {
    const submitted = receipts.map((opened) => this.#read(opened));
    const known = submitted.filter((item) => item !== undefined);
    await this.#relaysEnded(known);
    const records = await this.#deps.money.reservations(known.map(({ requestId }) => requestId));
    const fates: Fate[] = [];
    for (const item of submitted) {
      fates.push(
        item === undefined ? refused("RECEIPT_MALFORMED") : await this.#judge(item, records.get(item.requestId)),
      );
    }
    const results = await Promise.all(fates.map((fate) => (typeof fate === "function" ? fate() : fate)));
    for (const result of results) {
      this.#deps.metrics.receiptsSubmitted.add(1, { result: result.accepted ? "accepted" : result.reason });
    }
    return results;
  }

  #read(opened: OpenedReceipt): Submitted | undefined {
    try {
      const { document } = decodeDocument(receiptDocument, opened.receipt);
      const receiptId = bytesToHex(contentDigest(receiptDocument, opened.receipt.content, this.#deps.domain));
      return { opened, requestId: document.requestId, receiptId };
    } catch {
      return undefined;
    }
  }

  // A provider hands a receipt in as soon as it has signed it, often before the relay has come to its end.
  async #relaysEnded(submitted: readonly Submitted[]): Promise<void> {
    const over = new AbortController();
    const ended = Promise.all(submitted.map(({ requestId }) => this.#relayEnded(requestId)));
    const late = delay(this.#options.relayWaitMs, undefined, { signal: over.signal, ref: false }).catch(
      () => undefined,
    );
    await Promise.race([ended, late]);
    over.abort();
  }

  async #relayEnded(requestId: Hex): Promise<void> {
    await this.#deps.gate.left(requestId);
    await this.#deps.writer.pendingFor(requestId);
  }

  async #judge(item: Submitted, record: SettlementRecord | undefined): Promise<Fate> {
    if (record === undefined) return refused("REQUEST_UNKNOWN");
    switch (record.state) {
      case "settled":
        return record.receiptId === item.receiptId ? { accepted: true } : refused("SETTLED_OTHERWISE");
      case "voided":
        return refused(record.voidReason);
      case "reserved":
        return await this.#judgeOpen(item, record);
    }
  }

  async #judgeOpen(item: Submitted, record: SettlementRecord): Promise<Fate> {
    const { clock } = this.#deps;
    if (this.#isRelayed(record)) return refused("REQUEST_IN_FLIGHT");
    if (clock.now() >= record.expiresAt) return refused("RESERVATION_EXPIRED");
    const documents = await this.#deps.documents.of(record);
    const verdict = this.#check(item.opened, record, documents);
    if (verdict.accepted) {
      if (verdict.checked.sessionEnded) return refused("SESSION_ENDED");
      return () => this.#settle(item.opened, verdict.checked, record, documents);
    }
    const { reason, signed, session } = verdict;
    // Only what the provider has signed can be held against it; anybody can hand in a forgery.
    if (!signed) return refused(reason);
    this.#deps.metrics.receiptsRefused.add(1, { reason });
    this.#deps.accuse(record.provider, reason, session);
    const { requestId, relayedBy } = record;
    await this.#deps.money.void({ requestId, relayedBy, reason, attempts: record.attempts, now: clock.now() });
    return refused(reason);
  }

  #isRelayed({ requestId, relayedBy }: SettlementRecord): boolean {
    if (relayedBy === undefined) return false;
    if (relayedBy !== this.#deps.instance) return true;
    // What this process does itself it knows better than the store.
    return this.#deps.gate.left(requestId) !== undefined || this.#deps.writer.pendingFor(requestId) !== undefined;
  }

  #check(opened: OpenedReceipt, record: SettlementRecord, { quote, certificate }: ReadDocuments) {
    const { domain, clock, registry } = this.#deps;
    const { requestId, consumer, provider, priceId, requestDigest, requestBytes, amount, reservedAt, delivered } =
      record;
    return checkOpenedReceipt(opened, {
      domain,
      now: clock.now(),
      expected: {
        ...{ requestId, consumer, provider, priceId, requestDigest, requestBytes, amount, reservedAt },
        quote,
        certificate,
        kind: modelKindOf(record.endpoint) === "embedding" ? "embedding" : "inference",
      },
      answer: delivered && { ...delivered, whole: false, usage: undefined, finished: false },
      // The record may be older than what this process knows of the session: another call, or another replica, can have settled this very
      // receipt since. Only the store tells that from a place that another receipt has taken.
      sessionHead: () => undefined,
      hasEnded: (session) => registry.hasEnded(provider, session),
    });
  }

  async #settle(
    opened: OpenedReceipt,
    checked: CheckedReceipt,
    record: SettlementRecord,
    { quoteBytes, certificateBytes }: ReadDocuments,
  ): Promise<ReceiptResult> {
    const { receipt, receiptId, signedBy, relayed } = checked;
    const { requestId, provider, priceId } = record;
    const outcome = await this.#deps.money.settle({
      ...{ requestId, provider, priceId, receiptId, signedBy, relayed },
      session: receipt.session,
      sequence: receipt.sequence,
      previous: receipt.previous,
      fee: receipt.fee,
      receipt: openedReceiptBytes(opened),
      attempts: [...record.attempts, handedIn(record, checked)],
      event: {
        subject: settledSubject(provider),
        payload: encodeSettledEvent({ receipt: opened.receipt, quote: quoteBytes, certificate: certificateBytes }),
      },
      now: this.#deps.clock.now(),
    });
    this.#deps.metrics.settlements.add(1, { outcome, relayed });
    if (outcome === "settled") {
      this.#deps.registry.count(provider, "served");
      this.#deps.sessions.settled(checked);
      this.#deps.settled();
    }
    const { registry, accuse } = this.#deps;
    if (outcome === "chain-broken" && !registry.hasEnded(provider, receipt.session)) {
      accuse(provider, "CHAIN_BROKEN", receipt.session);
    }
    return resultOf(outcome);
  }
}

function handedIn({ providerName }: SettlementRecord, { receipt }: CheckedReceipt) {
  return { providerName, outcome: "HANDED_IN", durationMs: Number(receipt.finishedAt - receipt.startedAt) };
}

function resultOf(outcome: SettleOutcome): ReceiptResult {
  switch (outcome) {
    case "settled":
    case "duplicate":
      return { accepted: true };
    case "predecessor-missing":
      return refused("PREDECESSOR_MISSING");
    case "chain-broken":
      return refused("CHAIN_BROKEN");
    case "settled-otherwise":
      return refused("SETTLED_OTHERWISE");
    case "repointed":
      return refused("RESERVATION_REPOINTED");
    // It was open a moment ago.
    case "voided":
      return refused("RESERVATION_EXPIRED");
    case "unknown-request":
      return refused("REQUEST_UNKNOWN");
  }
}

function refused(reason: string): ReceiptResult {
  return { accepted: false, reason };
}
