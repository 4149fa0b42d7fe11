import type { DocumentBytes } from "@koinon/receipts/document";
import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";
import type { Registration } from "./registration.ts";
import {
  type CheckedHeartbeat,
  endedSessionsMax,
  type HeartbeatOutcome,
  type ProviderRecord,
  type RegisterOutcome,
  type RegistryStore,
  type SettlementDocuments,
} from "./registry-store.ts";
import { cleanStanding, type Standing } from "./standing.ts";

/** The registry of one process; nothing survives it. */
export class MemoryRegistryStore implements RegistryStore {
  readonly #providers = new Map<Address, ProviderRecord>();
  readonly #heartbeatsSentAt = new Map<Address, number>();
  readonly #certificates = new Map<Hex, DocumentBytes>();
  readonly #quotes = new Map<Hex, DocumentBytes>();
  readonly #manifests = new Map<Hex, Uint8Array>();

  async register(
    registration: Registration,
    options: { now: number; providersMax: number; standing(before: Standing): Standing },
  ): Promise<RegisterOutcome> {
    const { provider } = registration;
    const before = this.#providers.get(provider);
    const known = before?.registration;
    const unchanged = known?.announcementId === registration.announcementId;
    if (known !== undefined && !unchanged && registration.sequence <= known.sequence) {
      return { outcome: "stale", known: known.sequence };
    }
    const namesake = this.#namesake(registration);
    if (namesake !== undefined) {
      if (namesake.registration.expiresAt > options.now) return { outcome: "name-taken" };
      this.#providers.delete(namesake.registration.provider);
    }
    if (before === undefined && this.#providers.size >= options.providersMax) return { outcome: "full" };
    this.#keepDocuments(registration);
    this.#providers.set(provider, {
      registration,
      liveness: { lastSeenAt: options.now, draining: false, active: 0, queued: 0 },
      // The same announcement sent again is a retry, not a fresh start.
      standing: unchanged ? (before?.standing ?? cleanStanding) : options.standing(before?.standing ?? cleanStanding),
      endedSessions: before?.endedSessions ?? [],
      served: before?.served ?? 0n,
      failed: before?.failed ?? 0n,
    });
    return { outcome: unchanged ? "unchanged" : "registered" };
  }

  async heartbeat(heartbeat: CheckedHeartbeat, now: number): Promise<HeartbeatOutcome> {
    const { provider, sentAt, draining, active, queued } = heartbeat;
    const record = this.#providers.get(provider);
    if (record === undefined) return "not-registered";
    if (sentAt <= (this.#heartbeatsSentAt.get(provider) ?? 0)) return "stale";
    this.#heartbeatsSentAt.set(provider, sentAt);
    this.#providers.set(provider, { ...record, liveness: { lastSeenAt: now, draining, active, queued } });
    return "noted";
  }

  async judge(
    provider: Address,
    change: { standing(before: Standing): Standing; endSession: Hex | undefined },
  ): Promise<Standing | undefined> {
    const record = this.#providers.get(provider);
    if (record === undefined) return undefined;
    const standing = change.standing(record.standing);
    const { endSession } = change;
    const endedSessions =
      endSession === undefined || record.endedSessions.includes(endSession)
        ? record.endedSessions
        : [...record.endedSessions, endSession].slice(-endedSessionsMax);
    this.#providers.set(provider, { ...record, standing, endedSessions });
    return standing;
  }

  async addCounts(counts: ReadonlyMap<Address, { served: number; failed: number }>): Promise<void> {
    for (const [provider, { served, failed }] of counts) {
      const record = this.#providers.get(provider);
      if (record === undefined) continue;
      const sums = { served: record.served + BigInt(served), failed: record.failed + BigInt(failed) };
      this.#providers.set(provider, { ...record, ...sums });
    }
  }

  async list(): Promise<ProviderRecord[]> {
    const key = ({ registration }: ProviderRecord) => registration.name.toLowerCase();
    return [...this.#providers.values()].sort((left, right) => (key(left) < key(right) ? -1 : 1));
  }

  async documents(ids: { certificateId: Hex; priceId: Hex; subject: Hex }): Promise<SettlementDocuments | undefined> {
    const certificate = this.#certificates.get(ids.certificateId);
    const quote = this.#quotes.get(ids.priceId);
    const manifest = this.#manifests.get(ids.subject);
    return certificate && quote && manifest && { certificate, quote, manifest };
  }

  #namesake({ provider, name }: Registration): ProviderRecord | undefined {
    const key = name.toLowerCase();
    return this.#providers
      .values()
      .find(({ registration }) => registration.name.toLowerCase() === key && registration.provider !== provider);
  }

  #keepDocuments({ certificate, offers }: Registration): void {
    this.#certificates.set(certificate.id, certificate.bytes);
    for (const offer of offers) {
      this.#quotes.set(offer.priceId, offer.quote);
      this.#manifests.set(offer.subject, offer.manifest);
    }
  }
}
