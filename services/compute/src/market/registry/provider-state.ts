import type { Standing } from "./standing.ts";

/** How the market sees a provider now, with a stable code that says why it is not healthy. */
export type ProviderState =
  | { readonly state: "healthy"; readonly reason: "" }
  | { readonly state: "draining"; readonly reason: "DRAINING" }
  | {
      readonly state: "unreachable";
      readonly reason: "HEARTBEATS_MISSED" | "ANNOUNCEMENT_EXPIRED" | "CERTIFICATE_EXPIRED" | "CONNECTIONS_FAIL";
    }
  | { readonly state: "failing"; readonly reason: string };

/** What the state follows from. Times are ms since the epoch. */
export interface ProviderFacts {
  readonly standing: Standing;
  readonly lastSeenAt: number;
  /** Until when a heartbeat would be known of: what was not read since says nothing about the provider. */
  readonly heardUntil: number;
  readonly announcementExpiresAt: number;
  readonly certificateExpiresAt: number;
  readonly draining: boolean;
  /** What this replica's requests ran into: why its circuit is open, if it is. */
  readonly circuit: "closed" | "connections-fail" | "requests-fail";
}

/** Three missed heartbeats make a provider unreachable (market_service.proto). */
const heartbeatsMissedMax = 3;
/** So long it is still asked where nobody else is left: a machine without a free processor delays heartbeats as a dead one does. */
const silentHeartbeatsMax = 10;

/**
 * The state of a provider. What it was caught at comes first, because a liar that answers quickly is still a liar; then whether it
 * can be reached at all, then what its requests run into, then its own wish to drain.
 */
export function providerState(facts: ProviderFacts, heartbeatIntervalMs: number, now: number): ProviderState {
  if (now < facts.standing.failingUntil) return { state: "failing", reason: facts.standing.reason };
  if (now >= facts.announcementExpiresAt) return { state: "unreachable", reason: "ANNOUNCEMENT_EXPIRED" };
  if (now >= facts.certificateExpiresAt) return { state: "unreachable", reason: "CERTIFICATE_EXPIRED" };
  if (silenceOf(facts, now) > heartbeatsMissedMax * heartbeatIntervalMs) {
    return { state: "unreachable", reason: "HEARTBEATS_MISSED" };
  }
  if (facts.circuit === "connections-fail") return { state: "unreachable", reason: "CONNECTIONS_FAIL" };
  if (facts.circuit === "requests-fail") return { state: "failing", reason: "REQUESTS_FAIL" };
  if (facts.draining) return { state: "draining", reason: "DRAINING" };
  return { state: "healthy", reason: "" };
}

/** True for a provider of which nothing is known but that its heartbeats are late, and not by much. */
export function isMerelySilent(facts: ProviderFacts, heartbeatIntervalMs: number, now: number): boolean {
  return (
    providerState(facts, heartbeatIntervalMs, now).reason === "HEARTBEATS_MISSED" &&
    silenceOf(facts, now) <= silentHeartbeatsMax * heartbeatIntervalMs &&
    facts.circuit === "closed" &&
    !facts.draining
  );
}

function silenceOf({ lastSeenAt, heardUntil }: ProviderFacts, now: number): number {
  return Math.min(now, heardUntil) - lastSeenAt;
}
