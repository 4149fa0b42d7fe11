import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";
import type { Registration } from "./registration.ts";
import type { Standing } from "./standing.ts";

/** What a provider last said about itself. Times are ms since the epoch. */
export interface Liveness {
  readonly lastSeenAt: number;
  readonly draining: boolean;
  readonly active: number;
  readonly queued: number;
}

/** One provider as every replica of the market sees it. */
export interface ProviderRecord {
  readonly registration: Registration;
  readonly liveness: Liveness;
  readonly standing: Standing;
  /** Sessions that ended with a lie, newest last, at most `endedSessionsMax`. */
  readonly endedSessions: readonly Hex[];
  /** Requests settled and requests failed, ever. */
  readonly served: bigint;
  readonly failed: bigint;
}

/** How many ended sessions are remembered per provider; an honest one starts a new session after each. */
export const endedSessionsMax = 32;

/** A heartbeat whose signature was checked. */
export interface CheckedHeartbeat {
  readonly provider: Address;
  /** By the provider's clock, ms since the epoch. */
  readonly sentAt: number;
  readonly draining: boolean;
  readonly active: number;
  readonly queued: number;
}

/** What became of a heartbeat: `stale` when it is not newer than the last one taken. */
export type HeartbeatOutcome = "noted" | "stale" | "not-registered";

/** Why a registration was not taken. */
export type RegisterOutcome =
  | { readonly outcome: "registered" | "unchanged" }
  | { readonly outcome: "stale"; readonly known: bigint }
  | { readonly outcome: "name-taken" }
  | { readonly outcome: "full" };

/** The documents that a settlement refers to. */
export interface SettlementDocuments {
  readonly certificate: { readonly content: Uint8Array; readonly signature: Uint8Array };
  readonly quote: { readonly content: Uint8Array; readonly signature: Uint8Array };
  readonly manifest: Uint8Array;
}

/**
 * What the replicas of the market share about providers. Certificates, quotes and manifests are kept for ever, because settlements refer to
 * them; a provider's row is replaced when it registers again.
 */
export interface RegistryStore {
  /**
   * Takes a verified registration. The same announcement again is `unchanged`; an older one, or another with the same sequence, is `stale`. A
   * name belongs to the provider whose announcement that bears it has not expired. Counts as a sign of life; `standing` answers the standing
   * after this registration from the one before.
   */
  register(
    registration: Registration,
    options: { now: number; providersMax: number; standing(before: Standing): Standing },
  ): Promise<RegisterOutcome>;
  /** Notes a sign of life, unless the provider is not registered or has sent a newer one. */
  heartbeat(heartbeat: CheckedHeartbeat, now: number): Promise<HeartbeatOutcome>;
  /** Changes a standing in one atomic step, and ends a session when one is given; undefined when the provider is not registered. */
  judge(
    provider: Address,
    change: { standing(before: Standing): Standing; endSession: Hex | undefined },
  ): Promise<Standing | undefined>;
  /** Adds to the counts of providers. */
  addCounts(counts: ReadonlyMap<Address, { served: number; failed: number }>): Promise<void>;
  /** Every provider, by name. Registrations that the caller knows already may be passed in and are then not read again. */
  list(known: ReadonlyMap<Hex, Registration>): Promise<ProviderRecord[]>;
  /** Documents by certificate id, price id and subject; undefined when one was never registered. */
  documents(ids: { certificateId: Hex; priceId: Hex; subject: Hex }): Promise<SettlementDocuments | undefined>;
}
