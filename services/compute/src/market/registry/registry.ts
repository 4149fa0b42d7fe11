import type { Domain } from "@koinon/eip712/domain";
import type { DocumentBytes } from "@koinon/receipts/document";
import type { Clock } from "@koinon/runtime/clock";
import type { Logger } from "@koinon/runtime/logger";
import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";
import { MarketError } from "../errors.ts";
import type { CircuitBreakerOptions } from "../routing/circuit-breaker.ts";
import { ProviderObservations } from "../routing/provider-observations.ts";
import { isMerelySilent, type ProviderFacts, type ProviderState, providerState } from "./provider-state.ts";
import { readHeartbeat } from "./read-heartbeat.ts";
import type { Offer, Registration, RegistrationDocuments } from "./registration.ts";
import type { ProviderRecord, RegistryStore } from "./registry-store.ts";
import { liftFirstStrike, type StandingOptions, strike } from "./standing.ts";
import { verifyRegistration } from "./verify-registration.ts";

/** How the registry works. */
export interface RegistryOptions {
  /** What providers are told, in ms. */
  readonly heartbeatIntervalMs: number;
  readonly providersMax: number;
  /** Roots that may register and get requests; undefined lets everybody. */
  readonly allowedRoots: ReadonlySet<Address> | undefined;
  /** Signed regions, which are in lower case, whose providers may register and get requests; undefined lets everybody. */
  readonly allowedRegions: ReadonlySet<string> | undefined;
  readonly standing: StandingOptions;
  readonly breaker: CircuitBreakerOptions;
  /** A quote that expires sooner than this is not offered any more, since the answer could outlive it, in ms. */
  readonly quoteMarginMs: number;
}

/** What the registry works with. */
export interface RegistryDependencies {
  readonly store: RegistryStore;
  readonly domain: Domain;
  readonly clock: Clock;
  readonly log: Logger;
  /** True for an address that this market would connect to. */
  acceptsEndpoint(endpoint: string): boolean;
}

/** One provider under one announcement, as this replica sees it now. */
export interface ProviderEntry {
  /** Renewed in place. */
  record: ProviderRecord;
  readonly observations: ProviderObservations;
}

/** One offer of one provider. */
export interface ListedOffer {
  readonly entry: ProviderEntry;
  readonly offer: Offer;
}

/**
 * The providers as this replica knows them: a copy of the shared store, renewed by `refresh`, beside what its own requests have observed.
 * What this replica changes itself it sees at once.
 */
export class Registry {
  readonly #options: RegistryOptions;
  readonly #deps: RegistryDependencies;
  #entries = new Map<Address, ProviderEntry>();
  #offers = new Map<string, ListedOffer[]>();
  #refreshedAt = 0;
  #counts = new Map<Address, { served: number; failed: number }>();
  #refreshing: Promise<void> = Promise.resolve();
  #nextRefresh: Promise<void> | undefined;

  constructor(options: RegistryOptions, dependencies: RegistryDependencies) {
    this.#options = options;
    this.#deps = dependencies;
  }

  /** When the shared store was last read, ms since the epoch; 0 before the first time. */
  get refreshedAt(): number {
    return this.#refreshedAt;
  }

  /** Verifies and keeps a registration; it takes effect before this resolves. */
  async register(documents: RegistrationDocuments): Promise<void> {
    const { store, domain, clock, log } = this.#deps;
    const { providersMax } = this.#options;
    const now = clock.now();
    const registration = verifyRegistration(documents, { domain, now });
    const { provider, endpoint, name, region, sequence } = registration;
    if (!this.#admitsRoot(provider)) throw new MarketError({ code: "PROVIDER_NOT_ALLOWED", provider });
    if (!this.#admitsRegion(region)) throw new MarketError({ code: "REGION_NOT_ALLOWED", region });
    if (!this.#deps.acceptsEndpoint(endpoint)) throw new MarketError({ code: "ENDPOINT_NOT_ALLOWED", endpoint });
    const standing = (before: Parameters<typeof liftFirstStrike>[0]) => liftFirstStrike(before, now);
    const result = await store.register(registration, { now, providersMax, standing });
    switch (result.outcome) {
      case "stale":
        throw new MarketError({ code: "ANNOUNCEMENT_STALE", sequence, known: result.known });
      case "name-taken":
        throw new MarketError({ code: "PROVIDER_NAME_TAKEN", name });
      case "full":
        throw new MarketError({ code: "REGISTRY_FULL", providersMax });
      case "registered":
      case "unchanged":
        log.info({ provider, name, sequence: String(sequence), outcome: result.outcome }, "provider registered");
    }
    await this.refresh();
  }

  /** Notes a signed sign of life; false when the provider has to register again. Throws MarketError `HEARTBEAT_REFUSED`. */
  async heartbeat(bytes: DocumentBytes): Promise<boolean> {
    const { store, clock, domain } = this.#deps;
    const now = clock.now();
    const { heartbeat, signer } = readHeartbeat(bytes, { domain, now });
    const { provider, draining, active, queued } = heartbeat;
    // It may have registered, or taken another key, at another replica a moment ago.
    if (this.#servingKeyOf(provider) !== signer) await this.refresh();
    const entry = this.#entries.get(provider);
    // Who may not take part any more registers again, and is told why.
    if (entry === undefined || !this.#admits(entry)) return false;
    const refuse = (reason: string) => new MarketError({ code: "HEARTBEAT_REFUSED", reason });
    if (this.#servingKeyOf(provider) !== signer) throw refuse("not signed by the registered key");
    const outcome = await store.heartbeat(heartbeat, now);
    if (outcome === "stale") throw refuse("not newer than the last one");
    if (outcome === "not-registered") return false;
    entry.record = { ...entry.record, liveness: { lastSeenAt: now, draining, active, queued } };
    return true;
  }

  /** A provider was caught: it gets no work for a while, and its session is over. */
  async accuse(provider: Address, reason: string, session: Hex | undefined): Promise<void> {
    const { store, clock, log } = this.#deps;
    const now = clock.now();
    const entry = this.#entries.get(provider);
    // Seen here at once; the store decides what counts for all replicas.
    if (entry !== undefined) {
      const { record } = entry;
      const endedSessions = session === undefined ? record.endedSessions : [...record.endedSessions, session];
      const standing = strike(record.standing, reason, now, this.#options.standing);
      entry.record = { ...record, standing, endedSessions };
    }
    log.warn({ provider, reason, session }, "provider failing: its receipt does not match");
    await store.judge(provider, {
      standing: (before) => strike(before, reason, now, this.#options.standing),
      endSession: session,
    });
    await this.refresh();
  }

  /** How often providers are asked to send heartbeats, in ms. */
  get heartbeatIntervalMs(): number {
    return this.#options.heartbeatIntervalMs;
  }

  /** Counts a request that a provider served or failed; written with `flushCounts`. */
  count(provider: Address, what: "served" | "failed"): void {
    const counts = this.#counts.get(provider) ?? { served: 0, failed: 0 };
    counts[what]++;
    this.#counts.set(provider, counts);
  }

  /** Writes what was counted since the last time; what can not be written stays counted. */
  async flushCounts(): Promise<void> {
    const counts = this.#counts;
    this.#counts = new Map();
    try {
      await this.#deps.store.addCounts(counts);
    } catch (error) {
      for (const [provider, { served, failed }] of counts) {
        const since = this.#counts.get(provider) ?? { served: 0, failed: 0 };
        this.#counts.set(provider, { served: served + since.served, failed: failed + since.failed });
      }
      throw error;
    }
  }

  /** Reads the shared store; what was written before the call is seen when it resolves. */
  refresh(): Promise<void> {
    // The one under way may have read before the caller wrote, so the next one is started for all who ask meanwhile.
    this.#nextRefresh ??= this.#refreshing.then(() => {
      this.#nextRefresh = undefined;
      const running = this.#readStore();
      this.#refreshing = running.catch(() => undefined);
      return running;
    });
    return this.#nextRefresh;
  }

  /** One provider; undefined when it is not registered. */
  provider(provider: Address): ProviderEntry | undefined {
    return this.#entries.get(provider);
  }

  /** True when the session ended with a receipt that was refused. */
  hasEnded(provider: Address, session: Hex): boolean {
    return this.#entries.get(provider)?.record.endedSessions.includes(session) ?? false;
  }

  /** All providers, by name. */
  providers(): ProviderEntry[] {
    return [...this.#entries.values()];
  }

  /** Offers of a model by its name or manifest hash, whatever their providers' states and validity. */
  offersOf(model: string): readonly ListedOffer[] {
    return this.#offers.get(model) ?? [];
  }

  /** The offers of a provider that hold now. */
  offersInForce(entry: ProviderEntry): Offer[] {
    const now = this.#deps.clock.now();
    if (!this.#admits(entry)) return [];
    return entry.record.registration.offers.filter((offer) => this.isInForce(offer, now));
  }

  /** True when a request may be sent under this offer now. */
  isInForce(offer: Offer, now: number): boolean {
    return offer.validFrom <= now && now + this.#options.quoteMarginMs < offer.validUntil;
  }

  /** The state of a provider now. */
  stateOf(entry: ProviderEntry): ProviderState {
    const now = this.#deps.clock.now();
    return providerState(this.#factsOf(entry, now), this.#options.heartbeatIntervalMs, now);
  }

  /** True when a request may be sent to the provider now. A provider whose circuit is open takes a trial request once its pause is over. */
  takesRequests(entry: ProviderEntry): boolean {
    if (!this.#admits(entry)) return false;
    const state = this.stateOf(entry);
    const byCircuitAlone = state.reason === "CONNECTIONS_FAIL" || state.reason === "REQUESTS_FAIL";
    if (state.state !== "healthy" && !byCircuitAlone) return false;
    return !entry.record.liveness.draining && entry.observations.admits(this.#deps.clock.now());
  }

  /** True when a request may be sent to the provider where nobody who is heard takes it: its heartbeats are late, and that is all. */
  isMerelySilent(entry: ProviderEntry): boolean {
    if (!this.#admits(entry)) return false;
    const now = this.#deps.clock.now();
    return isMerelySilent(this.#factsOf(entry, now), this.#options.heartbeatIntervalMs, now);
  }

  /** Registrations may be older than this deployment's rules, or come through a replica that still has others. */
  #admits({ record: { registration } }: ProviderEntry): boolean {
    return this.#admitsRoot(registration.provider) && this.#admitsRegion(registration.region);
  }

  #admitsRoot(provider: Address): boolean {
    return this.#options.allowedRoots?.has(provider) ?? true;
  }

  #admitsRegion(region: string): boolean {
    return this.#options.allowedRegions?.has(region) ?? true;
  }

  #factsOf({ record, observations }: ProviderEntry, now: number): ProviderFacts {
    const { registration, liveness, standing } = record;
    return {
      standing,
      lastSeenAt: liveness.lastSeenAt,
      heardUntil: this.#refreshedAt,
      announcementExpiresAt: registration.expiresAt,
      // Both ends of a certificate's validity are included.
      certificateExpiresAt: Number(registration.certificate.certificate.notAfter) + 1,
      draining: liveness.draining || observations.isDraining(now),
      circuit: observations.circuit(now),
    };
  }

  #servingKeyOf(provider: Address): Address | undefined {
    return this.#entries.get(provider)?.record.registration.certificate.certificate.key;
  }

  async #readStore(): Promise<void> {
    const known = new Map<Hex, Registration>();
    for (const { record } of this.#entries.values()) known.set(record.registration.announcementId, record.registration);
    const records = await this.#deps.store.list(known);
    const entries = new Map<Address, ProviderEntry>();
    for (const record of records) entries.set(record.registration.provider, this.#entryFor(record));
    const sameEntries = entries.size === this.#entries.size && entries.values().every((entry) => this.#knows(entry));
    this.#entries = entries;
    if (!sameEntries) this.#offers = indexOffers(entries.values().filter((entry) => this.#admits(entry)));
    this.#refreshedAt = this.#deps.clock.now();
  }

  #entryFor(record: ProviderRecord): ProviderEntry {
    const entry = this.#entries.get(record.registration.provider);
    // A provider that registers anew has restarted: what was observed of it before says nothing.
    if (entry?.record.registration.announcementId !== record.registration.announcementId) {
      return { record, observations: new ProviderObservations(this.#options.breaker) };
    }
    entry.record = record;
    return entry;
  }

  #knows(entry: ProviderEntry): boolean {
    return this.#entries.get(entry.record.registration.provider) === entry;
  }
}

function indexOffers(entries: Iterable<ProviderEntry>): Map<string, ListedOffer[]> {
  const index = new Map<string, ListedOffer[]>();
  for (const entry of entries) {
    for (const offer of entry.record.registration.offers) {
      for (const key of [offer.model, offer.subject]) {
        const listed = index.get(key);
        if (listed === undefined) index.set(key, [{ entry, offer }]);
        else listed.push({ entry, offer });
      }
    }
  }
  return index;
}
