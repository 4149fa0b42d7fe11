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
  readonly announcementExpiresAt: number;
  readonly certificateExpiresAt: number;
  readonly draining: boolean;
  /** What this replica's requests ran into: why its circuit is open, if it is. */
  readonly circuit: "closed" | "connections-fail" | "requests-fail";
}

/** Three missed heartbeats make a provider unreachable (market_service.proto). */
export const heartbeatsMissedMax = 3;

/**
 * The state of a provider. What it was caught at comes first, because a liar that answers quickly is still a liar; then whether it
 * can be reached at all, then what its requests run into, then its own wish to drain.
 */
export function providerState(facts: ProviderFacts, heartbeatIntervalMs: number, now: number): ProviderState {
  if (now < facts.standing.failingUntil) return { state: "failing", reason: facts.standing.reason };
  if (now >= facts.announcementExpiresAt) return { state: "unreachable", reason: "ANNOUNCEMENT_EXPIRED" };
  if (now >= facts.certificateExpiresAt) return { state: "unreachable", reason: "CERTIFICATE_EXPIRED" };
  if (now - facts.lastSeenAt > heartbeatsMissedMax * heartbeatIntervalMs) {
    return { state: "unreachable", reason: "HEARTBEATS_MISSED" };
  }
  if (facts.circuit === "connections-fail") return { state: "unreachable", reason: "CONNECTIONS_FAIL" };
  if (facts.circuit === "requests-fail") return { state: "failing", reason: "REQUESTS_FAIL" };
  if (facts.draining) return { state: "draining", reason: "DRAINING" };
  return { state: "healthy", reason: "" };
}
