import { expect, test } from "@jest/globals";
import { isMerelySilent, type ProviderFacts, providerState } from "./provider-state.ts";
import { cleanStanding } from "./standing.ts";

const now = 1_000_000;
const intervalMs = 100;
const facts: ProviderFacts = {
  standing: cleanStanding,
  lastSeenAt: now,
  heardUntil: now,
  announcementExpiresAt: now + 1,
  certificateExpiresAt: now + 1,
  draining: false,
  circuit: "closed",
};
const caught = { strikes: 1, lastStrikeAt: now - 5, reason: "FEE_MISMATCH", failingUntil: now + 1 };

test.each<[string, Partial<ProviderFacts>, string, string]>([
  ["nothing wrong", {}, "healthy", ""],
  ["three missed heartbeats exactly", { lastSeenAt: now - 300 }, "healthy", ""],
  ["more than three missed heartbeats", { lastSeenAt: now - 301 }, "unreachable", "HEARTBEATS_MISSED"],
  ["heartbeats that nobody could have read", { lastSeenAt: now - 301, heardUntil: now - 1 }, "healthy", ""],
  ["announcement over", { announcementExpiresAt: now }, "unreachable", "ANNOUNCEMENT_EXPIRED"],
  ["certificate over", { certificateExpiresAt: now }, "unreachable", "CERTIFICATE_EXPIRED"],
  ["connections fail", { circuit: "connections-fail" }, "unreachable", "CONNECTIONS_FAIL"],
  ["requests fail", { circuit: "requests-fail" }, "failing", "REQUESTS_FAIL"],
  ["draining", { draining: true }, "draining", "DRAINING"],
  ["caught", { standing: caught, draining: true, lastSeenAt: 0 }, "failing", "FEE_MISMATCH"],
  ["penalty over", { standing: { ...caught, failingUntil: now } }, "healthy", ""],
])("%s", (_name, changes, state, reason) => {
  expect(providerState({ ...facts, ...changes }, intervalMs, now)).toEqual({ state, reason });
});

test.each<[string, Partial<ProviderFacts>, boolean]>([
  ["a provider that is heard", {}, false],
  ["one heartbeat too many missed", { lastSeenAt: now - 301 }, true],
  ["ten missed heartbeats exactly", { lastSeenAt: now - 1_000 }, true],
  ["more than ten missed heartbeats", { lastSeenAt: now - 1_001 }, false],
  ["late, and its announcement is over", { lastSeenAt: now - 301, announcementExpiresAt: now }, false],
  ["late, and it was draining", { lastSeenAt: now - 301, draining: true }, false],
  ["late, and connections to it fail", { lastSeenAt: now - 301, circuit: "connections-fail" }, false],
  ["late, and it was caught", { lastSeenAt: now - 301, standing: caught }, false],
])("merely silent: %s", (_name, changes, silent) => {
  expect(isMerelySilent({ ...facts, ...changes }, intervalMs, now)).toBe(silent);
});
