import { hash } from "node:crypto";
import { isFault } from "@koinon/errors/domain-error";
import { invariant } from "@koinon/errors/invariant";
import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";
import type { Attempt, Delivered, ReservationTerms } from "../accounts/money-store.ts";
import { MarketError } from "../errors.ts";
import { encodeSettledEvent, settledSubject } from "../events/settled-event.ts";
import type { OfferCandidate } from "./candidates.ts";
import type { InferenceRequest } from "./inference.ts";
import { type CheckedReceipt, type OpenedReceipt, openedReceiptBytes } from "./receipt-check.ts";
import type { RelayDependencies } from "./relay-dependencies.ts";

/** A reservation on its way to the disk. */
export interface Cover {
  /** True when it will be granted, as far as this process knows: the request may go out meanwhile. */
  readonly isLikely: boolean;
  /** `not-covered` when the budget does not suffice. Rejects with MarketError `REQUEST_ALREADY_SEEN`, or what the store failed with. */
  readonly outcome: Promise<"covered" | "not-covered">;
}

/** How long money may stay reserved. */
export interface ReservedRequestOptions {
  /** From the reservation, in ms; longer than any request may take. */
  readonly reservationMs: number;
  /** From the end of a relay without a receipt, in ms: how long the provider's journal may take to hand it in. */
  readonly journalMs: number;
}

/**
 * The money of one request, from its reservation to exactly one decision: settle, void, or leave it to the provider's journal. Decisions are
 * written in the background, see SettlementWriter.
 */
export class ReservedRequest {
  readonly #request: InferenceRequest;
  readonly #consumer: Address;
  readonly #options: ReservedRequestOptions;
  readonly #deps: RelayDependencies;
  readonly #attempts: Attempt[] = [];
  readonly #requestDigest: Hex;
  #candidate: OfferCandidate | undefined;
  /** The last reservation that was asked for. */
  #cover: Cover["outcome"] = Promise.resolve("not-covered");
  #needed = 0n;
  #attemptStartedAt = 0;
  #reservedAt = 0;
  #decided = false;
  /** A provider has the request and has not failed it: it may hand in a receipt. */
  #isServed = false;

  constructor(
    request: InferenceRequest,
    consumer: Address,
    options: ReservedRequestOptions,
    dependencies: RelayDependencies,
  ) {
    this.#request = request;
    this.#consumer = consumer;
    this.#requestDigest = `0x${hash("sha256", request.body, "hex")}`;
    this.#options = options;
    this.#deps = dependencies;
  }

  get consumer(): Address {
    return this.#consumer;
  }

  get requestDigest(): Hex {
    return this.#requestDigest;
  }

  get reservedAt(): number {
    return this.#reservedAt;
  }

  /** True when money is reserved and nothing has been decided about it. */
  get isOpen(): boolean {
    return this.#candidate !== undefined && !this.#decided;
  }

  /** Reserves the most that this candidate can cost, or moves the reservation to it. */
  cover(candidate: OfferCandidate): Cover {
    const { requestId, accountId } = this.#request;
    const isFirst = this.#candidate === undefined;
    const isLikely = isFirst && this.#deps.money.isLikely({ requestId, accountId, amount: candidate.maxFee });
    this.#isServed = false;
    this.#needed = candidate.maxFee;
    this.#cover = this.#reserveOrRepoint(candidate, isLikely);
    // Whoever goes ahead looks at it when the answer begins; until then nobody waits for it.
    this.#cover.catch(() => undefined);
    return { isLikely, outcome: this.#cover };
  }

  /** Resolves when it is known whether money is reserved. */
  async known(): Promise<void> {
    await this.#cover.catch(() => undefined);
  }

  /**
   * Resolves when the reservation is on disk; before that the client gets no byte. Throws MarketError `INSUFFICIENT_FUNDS`,
   * `REQUEST_ALREADY_SEEN`, or what the store failed with: then nothing is reserved.
   */
  async onDisk(): Promise<void> {
    if ((await this.#cover) === "covered") return;
    throw new MarketError({ code: "INSUFFICIENT_FUNDS", account: this.#request.accountId, needed: this.#needed });
  }

  /** The request goes to the present candidate. */
  dispatched(): void {
    this.#isServed = true;
  }

  /** Notes how the attempt with the present candidate ended. */
  attempted(outcome: string): void {
    this.#isServed = false;
    invariant(this.#candidate !== undefined, "an attempt is made under a reservation");
    const durationMs = this.#deps.clock.now() - this.#attemptStartedAt;
    this.#attempts.push({ providerName: this.#candidate.name, outcome, durationMs });
    this.#deps.metrics.attempts.add(1, { outcome });
  }

  /** Pays. */
  settle(checked: CheckedReceipt, opened: OpenedReceipt, delivered: Delivered): void {
    const { entry, offer, provider } = this.#decide();
    const { receipt, receiptId, signedBy, relayed } = checked;
    this.attempted("SERVED");
    this.#deps.writer.settle(
      {
        requestId: this.#request.requestId,
        provider,
        priceId: offer.priceId,
        receiptId,
        session: receipt.session,
        sequence: receipt.sequence,
        previous: receipt.previous,
        signedBy,
        fee: receipt.fee,
        receipt: openedReceiptBytes(opened),
        relayed,
        attempts: [...this.#attempts],
        event: {
          subject: settledSubject(provider),
          payload: encodeSettledEvent({
            receipt: opened.receipt,
            quote: offer.quote,
            certificate: entry.record.registration.certificate.bytes,
          }),
        },
        now: this.#deps.clock.now(),
      },
      this.#expiresAt,
      delivered,
    );
  }

  /** The answer is proved by a receipt that can not be settled in its session: its provider signs the work again. */
  settleLater(delivered: Delivered): void {
    this.attempted("SERVED");
    this.#leaveToJournal(delivered, this.#expiresAt);
  }

  /** Gives the money back. */
  void(reason: string): void {
    this.#decide();
    const { requestId } = this.#request;
    const now = this.#deps.clock.now();
    const request = { requestId, relayedBy: this.#deps.instance, reason, attempts: [...this.#attempts], now };
    this.#deps.writer.void(request, this.#expiresAt);
    this.#deps.metrics.voids.add(1, { reason });
  }

  /**
   * Nobody reads the answer any more: what was delivered is paid by the receipt that the provider's journal hands in; a request that no
   * provider has is given back.
   */
  abandon(delivered: Delivered): void {
    if (!this.#isServed) {
      this.void("CANCELLED");
      return;
    }
    this.attempted("CANCELLED");
    this.#leaveToJournal(delivered, Math.min(this.#deps.clock.now() + this.#options.journalMs, this.#expiresAt));
  }

  get #expiresAt(): number {
    return this.#reservedAt + this.#options.reservationMs;
  }

  #leaveToJournal(delivered: Delivered, expiresAt: number): void {
    this.#decide();
    const { requestId } = this.#request;
    this.#deps.writer.endRelay({ requestId, delivered, attempts: [...this.#attempts], expiresAt });
  }

  #decide(): OfferCandidate {
    invariant(this.#candidate !== undefined && !this.#decided, "a reservation is decided once");
    this.#decided = true;
    return this.#candidate;
  }

  async #reserveOrRepoint(candidate: OfferCandidate, isAhead: boolean): Promise<"covered" | "not-covered"> {
    const now = this.#deps.clock.now();
    this.#attemptStartedAt = now;
    try {
      if (this.#candidate === undefined) await this.#reserve(candidate, isAhead, now);
      else await this.#repoint(candidate, now);
    } catch (error) {
      if (isFault(error, "INSUFFICIENT_FUNDS")) return "not-covered";
      throw error;
    } finally {
      this.#deps.metrics.reserve.record((this.#deps.clock.now() - now) / 1_000);
    }
    this.#candidate = candidate;
    return "covered";
  }

  async #reserve(candidate: OfferCandidate, isAhead: boolean, now: number): Promise<void> {
    const { requestId, accountId, model, endpoint, body } = this.#request;
    this.#reservedAt = now;
    const relayedBy = this.#deps.instance;
    const reservation = {
      ...termsOf(candidate),
      ...{ requestId, accountId, model, endpoint, relayedBy, now },
      requestDigest: this.#requestDigest,
      requestBytes: body.length,
      expiresAt: this.#expiresAt,
    };
    const { money } = this.#deps;
    const reserving = isAhead ? money.reserveAhead(reservation) : money.reserve(reservation);
    const outcome = await reserving.catch((error: unknown) => {
      // The store may have committed before it failed to say so; giving back what is not reserved does nothing.
      if (!isRefusal(error)) this.#voidUncertain();
      throw error;
    });
    if (outcome === "duplicate") throw new MarketError({ code: "REQUEST_ALREADY_SEEN", requestId });
  }

  #voidUncertain(): void {
    const { requestId } = this.#request;
    const [relayedBy, now] = [this.#deps.instance, this.#deps.clock.now()];
    const reason = "RESERVATION_UNCERTAIN";
    this.#deps.writer.void({ requestId, relayedBy, reason, attempts: [], now }, this.#expiresAt);
  }

  async #repoint(candidate: OfferCandidate, now: number): Promise<void> {
    const { requestId } = this.#request;
    const outcome = await this.#deps.money.repoint(requestId, termsOf(candidate), [...this.#attempts], now);
    // Only this process may close a reservation that it relays, before it expires; if somebody did, nobody pays for more.
    if (outcome === "closed") {
      this.#decided = true;
      throw new MarketError({ code: "RESERVATION_LOST", requestId });
    }
  }
}

const refusals = ["INSUFFICIENT_FUNDS", "ACCOUNT_UNKNOWN", "REQUEST_ID_REUSED"];

/** True when the store refused, as opposed to failed. */
function isRefusal(error: unknown): boolean {
  return refusals.some((code) => isFault(error, code));
}

function termsOf({ provider, name, offer, entry, maxFee }: OfferCandidate): ReservationTerms {
  return {
    provider,
    providerName: name,
    subject: offer.subject,
    priceId: offer.priceId,
    certificateId: entry.record.registration.certificate.id,
    amount: maxFee,
  };
}
