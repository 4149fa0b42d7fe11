import { expect, test } from "@jest/globals";
import { address, reservation, SessionSample } from "./money-samples.ts";
import type { MoneyStoreUnderTest } from "./money-store-suite.ts";

/** How money leaves a budget again. */
export function describeWithdrawals(underTest: () => MoneyStoreUnderTest): void {
  test("a withdrawal takes what is available, once per request, and leaves what is reserved to its request", async () => {
    const { store, assertBalanced } = underTest();
    const open = (accountId: string, limit: bigint) =>
      store.openAccount({ requestId: accountId, accountId, consumer: address("alice"), limit, now: 1 });
    await open("alice", 100n);
    await open("bob", 7n);
    const session = new SessionSample("ada", "s");
    await store.reserve(reservation("r1", "alice", 30n));
    expect(await store.settle(session.next("r1", 10n))).toBe("settled");
    await store.reserve(reservation("r2", "alice", 40n));
    const first = { requestId: "w1", accountId: "alice", now: 5 };
    const after = { accountId: "alice", limit: 50n, spent: 10n, reserved: 40n };
    const twins = await Promise.all(Array.from({ length: 4 }, () => store.withdraw(first)));
    for (const twin of twins) expect(twin).toMatchObject({ amount: 50n, account: after });
    await expect(store.withdraw({ ...first, accountId: "bob" })).rejects.toMatchObject({ code: "REQUEST_ID_REUSED" });
    await expect(store.withdraw({ ...first, accountId: "eve" })).rejects.toMatchObject({ code: "ACCOUNT_UNKNOWN" });
    await expect(store.reserve(reservation("r3", "alice", 1n))).rejects.toMatchObject({ code: "INSUFFICIENT_FUNDS" });
    await assertBalanced();

    expect(await store.settle(session.next("r2", 15n))).toBe("settled");
    expect(await store.withdraw({ ...first, requestId: "w2" })).toMatchObject({
      amount: 25n,
      account: { limit: 25n, spent: 25n, reserved: 0n },
    });
    expect(await store.withdraw({ ...first, requestId: "w3" })).toMatchObject({ amount: 0n });
    expect(await store.account("bob")).toMatchObject({ limit: 7n, spent: 0n });
    await assertBalanced();
  });

  test("a withdrawal and requests at the same moment share the budget, none twice", async () => {
    const { store, assertBalanced } = underTest();
    await store.openAccount({ requestId: "o", accountId: "alice", consumer: address("alice"), limit: 50n, now: 1 });
    const reserves = Array.from({ length: 10 }, (_, n) =>
      store.reserve(reservation(`r${n}`, "alice", 10n)).then(
        () => 10n,
        () => 0n,
      ),
    );
    const [{ amount }, ...reserved] = await Promise.all([
      store.withdraw({ requestId: "w", accountId: "alice", now: 5 }),
      ...reserves,
    ]);
    expect(amount + reserved.reduce((sum, part) => sum + part, 0n)).toBe(50n);
    await assertBalanced();
  });
}
