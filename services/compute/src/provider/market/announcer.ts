import type { MarketServiceDefinition } from "@koinon/contracts/koinon/compute/v1/market_service";
import type { Domain } from "@koinon/eip712/domain";
import { type Announcement, announcementDocument } from "@koinon/receipts/announcement";
import { type DocumentBytes, encodeDocument, signDocument } from "@koinon/receipts/document";
import { type Heartbeat, heartbeatDocument } from "@koinon/receipts/heartbeat";
import type { Client } from "@koinon/rpc/handler";
import type { ProviderKeys } from "../keys/provider-keys.ts";
import type { Offers } from "../offers.ts";

export interface AnnouncerOptions {
  readonly name: string;
  readonly region: string;
  /** Where the market reaches this provider. */
  readonly endpoint: string;
  readonly capacity: number;
  /** How long an announcement holds. */
  readonly validityMs: number;
}

export interface AnnouncerDependencies {
  readonly market: Client<MarketServiceDefinition>;
  readonly domain: Domain;
  readonly keys: ProviderKeys;
  readonly offers: Offers;
  readonly clock: { now(): number };
  readonly load: () => { active: number; queued: number; draining: boolean };
}

const registrationTimeoutMs = 5_000;
/** A heartbeat that is not answered for so many intervals is given up, so that a market that died delays the next one by less than the three that may be missed. */
const heartbeatTimeoutIntervals = 2;

/** Keeps one provider registered: announces, beats, announces again when quotes were renewed or the market forgot. */
export class Announcer {
  readonly #options: AnnouncerOptions;
  readonly #dependencies: AnnouncerDependencies;
  #sequence = 0n;
  #beatSentAt = 0n;
  #registeredUntil = 0;
  #intervalMs = 1_000;
  registered = false;

  constructor(options: AnnouncerOptions, dependencies: AnnouncerDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  /** How long to wait until the next `beat`. */
  get intervalMs(): number {
    return this.#intervalMs;
  }

  /** One round: registers when that is due, else sends a heartbeat. Rejects with the call's RpcError. */
  async beat(signal: AbortSignal): Promise<void> {
    const { offers, clock, market } = this.#dependencies;
    const renewed = offers.renewWhenDue();
    if (renewed || !this.registered || clock.now() >= this.#registeredUntil - this.#options.validityMs / 2) {
      await this.#register(signal);
      return;
    }
    const timeoutMs = heartbeatTimeoutIntervals * this.#intervalMs;
    const { registered } = await market.heartbeat({ heartbeat: this.#heartbeat() }, { signal, timeoutMs });
    if (registered) return;
    this.registered = false;
    await this.#register(signal);
  }

  #heartbeat(): DocumentBytes {
    const { keys, domain, clock, load } = this.#dependencies;
    const now = BigInt(clock.now());
    // Two within a millisecond would be one to the market.
    this.#beatSentAt = now > this.#beatSentAt ? now : this.#beatSentAt + 1n;
    const { active, queued, draining } = load();
    const heartbeat: Heartbeat = {
      provider: keys.provider,
      sentAt: this.#beatSentAt,
      active: BigInt(active),
      queued: BigInt(queued),
      draining,
    };
    return encodeDocument(
      heartbeatDocument,
      signDocument(heartbeatDocument, heartbeat, { domain, signer: keys.signer }),
    );
  }

  async #register(signal: AbortSignal): Promise<void> {
    const { market, keys, offers, domain, clock } = this.#dependencies;
    const now = clock.now();
    // Grows with every announcement, also across restarts, without anything to remember.
    this.#sequence = BigInt(now) > this.#sequence ? BigInt(now) : this.#sequence + 1n;
    const expiresAt = now + this.#options.validityMs;
    const announcement: Announcement = {
      provider: keys.provider,
      name: this.#options.name,
      region: this.#options.region,
      endpoint: this.#options.endpoint,
      subjects: offers.current.map((offer) => offer.subject),
      prices: offers.current.map((offer) => offer.priceId),
      capacity: BigInt(this.#options.capacity),
      sequence: this.#sequence,
      issuedAt: BigInt(now),
      expiresAt: BigInt(expiresAt),
    };
    const signed = signDocument(announcementDocument, announcement, { domain, signer: keys.signer });
    const request = {
      certificate: keys.certificateBytes,
      announcement: encodeDocument(announcementDocument, signed),
      offers: offers.current.map((offer) => ({ manifest: offer.model.manifest, quote: offer.quoteBytes })),
    };
    const { heartbeatIntervalMs } = await market.registerProvider(request, {
      signal,
      timeoutMs: registrationTimeoutMs,
    });
    if (heartbeatIntervalMs > 0) this.#intervalMs = heartbeatIntervalMs;
    this.#registeredUntil = expiresAt;
    this.registered = true;
  }
}
