import { expect, test } from "@jest/globals";
import { address, hash, reservation, SessionSample } from "./money-samples.ts";
import type { MoneyStoreUnderTest } from "./money-store-suite.ts";

/** What every money store forgets, and what it never does. */
export function describeRetention(underTest: () => MoneyStoreUnderTest): void {
  test("what was given back is forgotten, oldest first and within a bound; what moved money never is", async () => {
    const { store, assertBalanced } = underTest();
    await store.openAccount({ requestId: "o", accountId: "alice", consumer: address("alice"), limit: 100n, now: 1 });
    for (const request of ["paid", "v1", "v2", "v3", "open"]) await store.reserve(reservation(request, "alice", 10n));
    expect(await store.settle(new SessionSample("ada", "s").next("paid", 4n, { now: 2_000 }))).toBe("settled");
    for (const [index, request] of ["v2", "v1", "v3"].entries()) {
      const step = { relayedBy: "market-1", reason: "PROVIDERS_FAILED", attempts: [], now: 3_000 + index };
      expect(await store.void({ requestId: hash(request), ...step })).toBe("voided");
    }
    expect(await store.forgetVoided(3_000, 10)).toBe(0);
    expect(await store.forgetVoided(3_002, 1)).toBe(1);
    expect(await store.settlement(hash("v2"))).toBeUndefined();
    expect((await store.settlement(hash("v1")))?.state).toBe("voided");
    expect(await store.forgetVoided(3_002, 10)).toBe(1);
    expect(await store.forgetVoided(Number.MAX_SAFE_INTEGER, 10)).toBe(1);
    expect(await store.forgetVoided(Number.MAX_SAFE_INTEGER, 10)).toBe(0);
    const left = await store.settlements({ accountId: undefined, limit: 10, after: undefined });
    expect(new Map(left.map(({ requestId, state }) => [requestId, state]))).toEqual(
      new Map([
        [hash("paid"), "settled"],
        [hash("open"), "reserved"],
      ]),
    );
    expect(await store.account("alice")).toMatchObject({ limit: 100n, spent: 4n, reserved: 10n });
    await assertBalanced();
  });
}
