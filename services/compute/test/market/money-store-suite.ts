import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { MoneyStore, SettleOutcome } from "../../src/market/accounts/money-store.ts";
import type { ReservesAhead } from "../../src/market/accounts/reserve-ahead.ts";
import { describeRetention } from "./money-retention-suite.ts";
import { address, hash, reservation, SessionSample, terms, zeroHash } from "./money-samples.ts";
import { describeWithdrawals } from "./money-withdrawal-suite.ts";

const consumer = address("alice");
const fault = (code: string, more = {}) => ({ fault: { code, ...more } });

/** A store under test; `assertBalanced` fails when its books are not in order. */
export interface MoneyStoreUnderTest {
  readonly store: MoneyStore & ReservesAhead;
  assertBalanced(): Promise<void>;
  close(): Promise<void>;
}

/** What every money store does. */
export function describeMoneyStore(name: string, create: () => Promise<MoneyStoreUnderTest>): void {
  describe(`money store: ${name}`, () => {
    let store: MoneyStore & ReservesAhead;
    let assertBalanced: () => Promise<void>;
    let close: () => Promise<void>;

    beforeEach(async () => {
      ({ store, assertBalanced, close } = await create());
    });
    afterEach(() => close());

    const open = (limit: bigint, accountId = "alice") =>
      store.openAccount({ requestId: `open ${accountId}`, accountId, consumer, limit, now: 1 });
    const balance = async (accountId = "alice") => {
      const account = await store.account(accountId);
      return account && { limit: account.limit, spent: account.spent, reserved: account.reserved };
    };
    const voidRequest = (request: string, relayedBy = "market-1") =>
      store.void({ requestId: hash(request), relayedBy, reason: "PROVIDERS_FAILED", attempts: [], now: 3_000 });

    describeRetention(() => ({ store, assertBalanced, close }));
    describeWithdrawals(() => ({ store, assertBalanced, close }));

    describe("budgets", () => {
      test("opening credits the limit once per request", async () => {
        const account = { accountId: "alice", consumer, limit: 2n ** 100n, spent: 0n, reserved: 0n };
        expect(await open(2n ** 100n)).toEqual(account);
        expect(await open(2n ** 100n)).toEqual(account);
        await expect(open(7n)).rejects.toMatchObject(fault("REQUEST_ID_REUSED", { requestId: "open alice" }));
        const other = { accountId: "alice", consumer, limit: 1n, now: 1 };
        await expect(store.openAccount({ ...other, requestId: "again" })).rejects.toMatchObject(
          fault("ACCOUNT_EXISTS"),
        );
        await expect(store.openAccount({ ...other, requestId: "open alice", accountId: "bob" })).rejects.toMatchObject(
          fault("REQUEST_ID_REUSED"),
        );
        expect(await store.account("bob")).toBeUndefined();
        expect(await store.account("alice")).toEqual(account);
        await assertBalanced();
      });

      test("many openings of one account at once make one", async () => {
        const accounts = await Promise.all(Array.from({ length: 8 }, () => open(100n)));
        expect(new Set(accounts.map(({ limit }) => limit))).toEqual(new Set([100n]));
        await assertBalanced();
      });

      test("many are read at once, without those that do not exist", async () => {
        await open(10n);
        await open(20n, "bob");
        const found = await store.accounts(["bob", "nobody", "alice", "bob"]);
        expect(found.map(({ accountId, limit }) => [accountId, limit]).sort()).toEqual([
          ["alice", 10n],
          ["bob", 20n],
        ]);
        expect(await store.accounts([])).toEqual([]);
      });

      test("a deposit adds once per request", async () => {
        await open(10n);
        const deposit = { requestId: "d1", accountId: "alice", amount: 5n, now: 2 };
        const both = await Promise.all([store.deposit(deposit), store.deposit(deposit)]);
        expect(both.map(({ limit }) => limit)).toEqual([15n, 15n]);
        await expect(store.deposit({ ...deposit, amount: 6n })).rejects.toMatchObject(fault("REQUEST_ID_REUSED"));
        await expect(store.deposit({ ...deposit, requestId: "open alice" })).rejects.toMatchObject(
          fault("REQUEST_ID_REUSED"),
        );
        await expect(store.deposit({ ...deposit, requestId: "d2", accountId: "nobody" })).rejects.toMatchObject(
          fault("ACCOUNT_UNKNOWN", { account: "nobody" }),
        );
        expect(await balance()).toEqual({ limit: 15n, spent: 0n, reserved: 0n });
        await assertBalanced();
      });
    });

    describe("reservations", () => {
      test("set aside what a request can cost, to the last micro-credit", async () => {
        await open(100n);
        expect(await store.reserve(reservation("r1", "alice", 60n))).toBe("reserved");
        expect(await balance()).toEqual({ limit: 100n, spent: 0n, reserved: 60n });
        await expect(store.reserve(reservation("r2", "alice", 41n))).rejects.toMatchObject(
          fault("INSUFFICIENT_FUNDS", { account: "alice", needed: 41n, available: 40n }),
        );
        expect(await store.reserve(reservation("r3", "alice", 40n))).toBe("reserved");
        expect(await store.reserve(reservation("r4", "alice", 0n))).toBe("reserved");
        await expect(store.reserve(reservation("r5", "nobody", 1n))).rejects.toMatchObject(fault("ACCOUNT_UNKNOWN"));
        await assertBalanced();
      });

      test("a request id reserves once, whatever became of it, and never for another request", async () => {
        await open(1_000n);
        const request = reservation("r1", "alice", 10n);
        const same = { ...request, ...terms("bea", 99n), relayedBy: "market-2", now: 5_000, expiresAt: 65_000 };
        const twins = await Promise.all([store.reserve(request), store.reserve(request)]);
        expect(twins.sort()).toEqual(["duplicate", "reserved"]);
        expect(await store.reserve(same)).toBe("duplicate");
        await open(1_000n, "bob");
        const others = [
          { ...request, accountId: "bob" },
          { ...request, model: "large" },
          { ...request, endpoint: "embedding" as const },
          { ...request, requestDigest: hash("other body") },
          { ...request, requestBytes: 201 },
        ];
        for (const other of others) {
          await expect(store.reserve(other)).rejects.toMatchObject(fault("REQUEST_ID_REUSED"));
        }
        expect(await voidRequest("r1")).toBe("voided");
        expect(await store.reserve(request)).toBe("duplicate");
        await expect(store.reserve(others[0] ?? request)).rejects.toMatchObject(fault("REQUEST_ID_REUSED"));
        expect(await balance()).toEqual({ limit: 1_000n, spent: 0n, reserved: 0n });
        expect(await balance("bob")).toEqual({ limit: 1_000n, spent: 0n, reserved: 0n });
        await assertBalanced();
      });

      test("100 at once against a budget for 10 are exactly 10", async () => {
        await open(1_000n);
        const outcomes = await Promise.allSettled(
          Array.from({ length: 100 }, (_, index) => store.reserve(reservation(`p${index}`, "alice", 100n))),
        );
        const refused = outcomes.filter((outcome) => outcome.status === "rejected");
        expect(outcomes.length - refused.length).toBe(10);
        for (const { reason } of refused) expect(reason).toMatchObject(fault("INSUFFICIENT_FUNDS", { available: 0n }));
        expect(await balance()).toEqual({ limit: 1_000n, spent: 0n, reserved: 1_000n });
        await assertBalanced();
      });

      test("one that is refused does not take others of its moment with it", async () => {
        await open(100n);
        await open(100n, "bob");
        // Whoever is met for the first time is looked up first; after that calls of one moment keep their order.
        for (const accountId of ["alice", "bob"]) await store.reserve(reservation(`meet ${accountId}`, accountId, 0n));
        const outcomes = await Promise.allSettled([
          store.reserve(reservation("a", "alice", 70n)),
          store.reserve(reservation("b", "alice", 70n)),
          store.reserve(reservation("c", "bob", 70n)),
          store.reserve(reservation("d", "nobody", 70n)),
          store.reserve(reservation("e", "alice", 30n)),
          store.reserve(reservation("f", "bob", 10n, { model: 'with "quote", comma, \\ and {brace}' })),
        ]);
        expect(outcomes.map(({ status }) => status === "fulfilled")).toEqual([true, false, true, false, true, true]);
        expect((await store.settlement(hash("f")))?.model).toBe('with "quote", comma, \\ and {brace}');
        await assertBalanced();
      });

      test("ahead of their grant are the same, and are forecast by what was heard of the budget", async () => {
        await open(3_300n);
        const ahead = (request: string, amount: bigint) => store.reserveAhead(reservation(request, "alice", amount));
        expect(await ahead("r1", 100n)).toBe("reserved");
        expect((await balance())?.reserved).toBe(100n);
        expect(store.isLikely(reservation("r2", "alice", 100n))).toBe(true);
        expect(store.isLikely(reservation("r2", "alice", 3_201n))).toBe(false);
        expect(store.isLikely(reservation("r1", "alice", 100n))).toBe(false);
        expect(store.isLikely(reservation("r3", "nobody", 1n))).toBe(false);
        expect(await ahead("r1", 100n)).toBe("duplicate");
        await expect(ahead("r4", 3_201n)).rejects.toMatchObject(fault("INSUFFICIENT_FUNDS", { available: 3_200n }));
      });

      test("are moved to another provider's terms in one step, counting what they hold themselves", async () => {
        await open(100n);
        await store.reserve(reservation("r1", "alice", 60n));
        const attempts = [{ providerName: "ada", outcome: "UNREACHABLE", durationMs: 3 }];
        const move = (amount: bigint, request = "r1") =>
          store.repoint(hash(request), terms("bea", amount), attempts, 1_500);
        expect(await move(100n)).toBe("repointed");
        expect(await move(100n)).toBe("repointed");
        expect(await balance()).toEqual({ limit: 100n, spent: 0n, reserved: 100n });
        await expect(move(101n)).rejects.toMatchObject(
          fault("INSUFFICIENT_FUNDS", { account: "alice", needed: 101n, available: 100n }),
        );
        expect(await move(5n)).toBe("repointed");
        expect(await balance()).toEqual({ limit: 100n, spent: 0n, reserved: 5n });
        expect(await store.settlement(hash("r1"))).toMatchObject({ ...terms("bea", 5n), attempts, state: "reserved" });
        expect(await move(5n, "unknown")).toBe("closed");
        await voidRequest("r1");
        expect(await move(5n)).toBe("closed");
        await assertBalanced();
      });

      test("are given back by whoever relays them, once", async () => {
        await open(100n);
        await store.reserve(reservation("r1", "alice", 60n));
        expect(await voidRequest("r1", "market-2")).toBe("closed");
        expect(await Promise.all([voidRequest("r1"), voidRequest("r1")])).toEqual(
          expect.arrayContaining(["voided", "closed"]),
        );
        expect(await voidRequest("unknown")).toBe("closed");
        expect(await balance()).toEqual({ limit: 100n, spent: 0n, reserved: 0n });
        expect(await store.settlement(hash("r1"))).toMatchObject({
          ...{ state: "voided", voidReason: "PROVIDERS_FAILED", amount: 60n, closedAt: 3_000 },
          ...{ fee: undefined, receipt: undefined, receiptId: undefined },
        });
        await assertBalanced();
      });

      test("expire at their time, oldest first and within a bound, whoever relays them", async () => {
        await open(100n);
        for (const [index, expiresAt] of [300, 100, 200].entries()) {
          await store.reserve(reservation(`r${index}`, "alice", 10n, { expiresAt }));
        }
        expect(await store.expire(99, 10)).toBe(0);
        expect(await store.expire(200, 1)).toBe(1);
        expect((await store.settlement(hash("r1")))?.state).toBe("voided");
        expect(await store.expire(200, 10)).toBe(1);
        expect(await store.settlement(hash("r2"))).toMatchObject({
          state: "voided",
          voidReason: "RESERVATION_EXPIRED",
        });
        expect((await store.settlement(hash("r0")))?.state).toBe("reserved");
        expect(await balance()).toEqual({ limit: 100n, spent: 0n, reserved: 10n });
        const late = new SessionSample("ada", "late").next("r2", 5n);
        expect(await store.settle(late)).toBe("voided");
        await assertBalanced();
      });

      test("the end of a relay leaves them to the journal, until an earlier time", async () => {
        await open(100n);
        await store.reserve(reservation("r1", "alice", 60n));
        const delivered = { digest: hash("what came"), bytes: 17 };
        const attempts = [{ providerName: "ada", outcome: "CANCELLED", durationMs: 9 }];
        await store.endRelay({ requestId: hash("r1"), delivered, attempts, expiresAt: 9_000 });
        const ended = { relayedBy: undefined, delivered, attempts, expiresAt: 9_000, state: "reserved" };
        expect(await store.settlement(hash("r1"))).toMatchObject(ended);
        expect(await voidRequest("r1")).toBe("closed");
        expect(await store.repoint(hash("r1"), terms("bea", 1n), [], 1)).toBe("closed");
        await store.endRelay({ requestId: hash("r1"), delivered, attempts, expiresAt: 99_000 });
        expect((await store.settlement(hash("r1")))?.expiresAt).toBe(9_000);
        await store.endRelay({ requestId: hash("unknown"), delivered, attempts, expiresAt: 9_000 });
        expect(await store.settle(new SessionSample("ada", "s").next("r1", 5n, { relayed: false }))).toBe("settled");
        expect(await store.settlement(hash("r1"))).toMatchObject({ relayed: false, delivered, fee: 5n });
      });

      test("all that a process relayed is left to the journals", async () => {
        await open(100n);
        await store.reserve(reservation("r1", "alice", 1n, { relayedBy: "dead" }));
        await store.reserve(reservation("r2", "alice", 1n, { relayedBy: "dead", expiresAt: 5_000 }));
        await store.reserve(reservation("r3", "alice", 1n));
        expect(await store.endRelaysOf("dead", 6_000)).toBe(2);
        expect(await store.endRelaysOf("dead", 6_000)).toBe(0);
        const found = await store.reservations(["r1", "r2", "r3", "r4"].map(hash));
        expect(
          [...found.values()].map(({ requestId, relayedBy, expiresAt }) => [requestId, relayedBy, expiresAt]),
        ).toEqual(
          expect.arrayContaining([
            [hash("r1"), undefined, 6_000],
            [hash("r2"), undefined, 5_000],
            [hash("r3"), "market-1", 61_000],
          ]),
        );
        expect(found.size).toBe(3);
      });
    });

    describe("settlements", () => {
      test("take the fee, give the rest back, keep the evidence and the event", async () => {
        await open(100n);
        await store.reserve(reservation("r1", "alice", 60n));
        const settle = new SessionSample("ada", "s").next("r1", 25n);
        expect(await store.settle(settle)).toBe("settled");
        expect(await balance()).toEqual({ limit: 100n, spent: 25n, reserved: 0n });
        const record = await store.settlement(hash("r1"));
        expect(record).toMatchObject({
          ...{
            requestId: hash("r1"),
            accountId: "alice",
            consumer,
            state: "settled",
            voidReason: "",
            amount: 60n,
            fee: 25n,
          },
          ...{
            model: "small",
            endpoint: "chat",
            requestDigest: hash("r1 body"),
            requestBytes: 200,
            ...terms("ada", 60n),
          },
          ...{ receiptId: settle.receiptId, relayed: true, reservedAt: 1_000, closedAt: 2_000, expiresAt: 61_000 },
          ...{ attempts: settle.attempts, logIndex: undefined, delivered: undefined, relayedBy: "market-1" },
        });
        expect(Buffer.from(record?.receipt?.content ?? [])).toEqual(settle.receipt.content);
        expect(Buffer.from(record?.receipt?.signature ?? [])).toEqual(settle.receipt.signature);
        expect([record?.receipt?.input, record?.receipt?.output]).toEqual([
          settle.receipt.input,
          settle.receipt.output,
        ]);
        expect(await store.settlement(settle.receiptId)).toEqual(record);
        const [event] = await store.unlogged(2_001, 10);
        expect(event).toMatchObject({ receiptId: settle.receiptId, subject: settle.event.subject });
        expect(Buffer.from(event?.payload ?? [])).toEqual(settle.event.payload);
        await assertBalanced();
      });

      test("happen once per request", async () => {
        await open(100n);
        await store.reserve(reservation("r1", "alice", 60n));
        const session = new SessionSample("ada", "s");
        const settle = session.next("r1", 25n, { relayed: false });
        const twins = await Promise.all([store.settle(settle), store.settle(settle)]);
        expect(twins.sort()).toEqual(["duplicate", "settled"]);
        expect((await store.settlement(hash("r1")))?.relayed).toBe(false);
        expect(await store.settle({ ...settle, relayed: true })).toBe("duplicate");
        expect(await store.settle(settle)).toBe("duplicate");
        expect((await store.settlement(hash("r1")))?.relayed).toBe(true);
        expect(await store.settle(new SessionSample("ada", "other").next("r1", 26n))).toBe("settled-otherwise");
        expect(await voidRequest("r1")).toBe("closed");
        expect(await store.expire(99_000, 10)).toBe(0);
        expect(await balance()).toEqual({ limit: 100n, spent: 25n, reserved: 0n });
        expect(await store.unlogged(99_000, 10)).toHaveLength(1);
        await assertBalanced();
      });

      test("are refused without a reservation, or after it moved to other terms", async () => {
        await open(100n);
        const early = new SessionSample("ada", "s").next("r1", 5n);
        expect(await store.settle(early)).toBe("unknown-request");
        await store.reserve(reservation("r1", "alice", 60n));
        await store.repoint(hash("r1"), terms("bea", 60n), [], 1_500);
        expect(await store.settle(early)).toBe("repointed");
        const otherPrice = new SessionSample("bea", "t").next("r1", 5n, { priceId: hash("old price") });
        expect(await store.settle(otherPrice)).toBe("repointed");
        expect(await store.settle(new SessionSample("bea", "u").next("r1", 5n))).toBe("settled");
        await assertBalanced();
      });

      test("cost at most what was reserved, and may cost nothing or all of it", async () => {
        await open(100n);
        for (const request of ["r1", "r2", "r3"]) await store.reserve(reservation(request, "alice", 20n));
        const session = new SessionSample("ada", "s");
        await expect(store.settle(new SessionSample("ada", "t").next("r3", 21n))).rejects.toThrow("at most the amount");
        expect(await store.settle(session.next("r1", 20n))).toBe("settled");
        expect(await store.settle(session.next("r2", 0n))).toBe("settled");
        expect(await balance()).toEqual({ limit: 100n, spent: 20n, reserved: 20n });
        await assertBalanced();
      });
    });

    describe("sessions", () => {
      beforeEach(async () => {
        await open(1_000n);
        for (let index = 0; index < 6; index += 1) await store.reserve(reservation(`r${index}`, "alice", 10n));
      });
      const key = (name: string, epoch: bigint) => ({ signedBy: { key: address(name), epoch } });

      test("settle in the order of their chain, also within one moment", async () => {
        const session = new SessionSample("ada", "s");
        const receipts = [0, 1, 2, 3].map((index) => session.next(`r${index}`, 1n));
        const [first, second, third, fourth] = receipts as [
          (typeof receipts)[0],
          (typeof receipts)[0],
          (typeof receipts)[0],
          (typeof receipts)[0],
        ];
        expect(await store.settle(second)).toBe("predecessor-missing");
        expect(await Promise.all([first, second].map((receipt) => store.settle(receipt)))).toEqual([
          "settled",
          "settled",
        ]);
        expect(await store.settle(fourth)).toBe("predecessor-missing");
        expect(await Promise.all([third, fourth].map((receipt) => store.settle(receipt)))).toEqual([
          "settled",
          "settled",
        ]);
        expect(await balance()).toEqual({ limit: 1_000n, spent: 4n, reserved: 20n });
        await assertBalanced();
      });

      test("have one receipt per place", async () => {
        const session = new SessionSample("ada", "s");
        const first = session.next("r0", 1n);
        expect(await store.settle(first)).toBe("settled");
        expect(await store.settle(session.at("r1", 1n, 0n, zeroHash))).toBe("chain-broken");
        expect(await store.settle(session.at("r1", 1n, 1n, hash("another")))).toBe("chain-broken");
        const twins = [session.at("r1", 1n, 1n, first.receiptId), session.at("r2", 1n, 1n, first.receiptId)];
        expect((await Promise.all(twins.map((receipt) => store.settle(receipt)))).sort()).toEqual([
          "chain-broken",
          "settled",
        ]);
        await assertBalanced();
      });

      test("belong to one provider and one consumer", async () => {
        const first = new SessionSample("ada", "s").next("r0", 1n);
        await store.settle(first);
        await store.repoint(hash("r1"), terms("bea", 10n), [], 1);
        const stolen = new SessionSample("bea", "s").at("r1", 1n, 1n, first.receiptId);
        expect(await store.settle(stolen)).toBe("chain-broken");
        const consumer2 = address("bob");
        await store.openAccount({ requestId: "bob", accountId: "bob", consumer: consumer2, limit: 50n, now: 1 });
        await store.reserve(reservation("b0", "bob", 10n));
        expect(await store.settle(new SessionSample("ada", "s").at("b0", 1n, 1n, first.receiptId))).toBe(
          "chain-broken",
        );
        await assertBalanced();
      });

      test("go on under a later key, never under an earlier one", async () => {
        const session = new SessionSample("ada", "s");
        const outcomes: SettleOutcome[] = [];
        outcomes.push(await store.settle(session.next("r0", 1n, key("k1", 5n))));
        const second = session.at("r1", 1n, 1n, hash(`receipt r0 ${session.session} 0`), key("k2", 5n));
        outcomes.push(await store.settle(second));
        outcomes.push(await store.settle({ ...second, ...key("k0", 4n) }));
        outcomes.push(await store.settle({ ...second, ...key("k2", 2n ** 64n - 1n) }));
        expect(outcomes).toEqual(["settled", "chain-broken", "chain-broken", "settled"]);
      });

      test("begin at zero", async () => {
        const session = new SessionSample("ada", "s");
        expect(await store.settle(session.at("r0", 1n, 2n ** 64n - 1n, hash("x")))).toBe("predecessor-missing");
        expect(await store.settle(session.next("r0", 1n))).toBe("settled");
      });
    });

    describe("reading", () => {
      test("lists the newest first, page by page, open and closed together", async () => {
        await open(1_000n);
        await open(1_000n, "bob");
        const session = new SessionSample("ada", "s");
        for (let index = 0; index < 7; index += 1) {
          await store.reserve(reservation(`r${index}`, "alice", 1n, { now: 1_000 + Math.floor(index / 2) }));
        }
        await store.reserve(reservation("b0", "bob", 1n, { now: 1_001 }));
        await store.settle(session.next("r1", 1n));
        await store.settle(session.next("r5", 1n));
        await voidRequest("r2");
        const list = async (accountId: string | undefined, limit: number) => {
          const pages: string[][] = [];
          let after: { reservedAt: number; requestId: `0x${string}` } | undefined;
          for (;;) {
            const page = await store.settlements({ accountId, limit, after });
            if (page.length === 0) return pages;
            pages.push(page.map(({ requestId }) => requestId));
            const last = page.at(-1);
            if (last !== undefined) after = { reservedAt: last.reservedAt, requestId: last.requestId };
          }
        };
        const byAge = (requests: string[]) =>
          requests
            .map((name, index) => ({ id: hash(name), at: name === "b0" ? 1_001 : 1_000 + Math.floor(index / 2) }))
            .sort((left, right) => right.at - left.at || (left.id < right.id ? 1 : -1))
            .map(({ id }) => id);
        const own = byAge(Array.from({ length: 7 }, (_, index) => `r${index}`));
        expect((await list("alice", 3)).map((page) => page.length)).toEqual([3, 3, 1]);
        expect((await list("alice", 3)).flat()).toEqual(own);
        expect((await list("alice", 1)).flat()).toEqual(own);
        expect((await list(undefined, 3)).flat()).toEqual(
          byAge([...Array.from({ length: 7 }, (_, index) => `r${index}`), "b0"]),
        );
        expect(await list("nobody", 3)).toEqual([]);
      });

      test("what is logged has its place, and is not published again", async () => {
        await open(1_000n);
        const session = new SessionSample("ada", "s");
        const settles = ["r0", "r1", "r2"].map((request, index) => session.next(request, 1n, { now: 2_000 + index }));
        for (const [index, settle] of settles.entries()) {
          await store.reserve(reservation(`r${index}`, "alice", 1n));
          expect(await store.settle(settle)).toBe("settled");
        }
        const ids = settles.map(({ receiptId }) => receiptId);
        expect((await store.unlogged(2_002, 10)).map(({ receiptId }) => receiptId)).toEqual(ids.slice(0, 2));
        expect((await store.unlogged(9_000, 1)).map(({ receiptId }) => receiptId)).toEqual(ids.slice(0, 1));
        const places = [{ receiptId: ids[1] ?? zeroHash, index: 41n }];
        await store.markLogged([...places, { receiptId: hash("unknown"), index: 3n }]);
        await store.markLogged(places);
        await store.markLogged([]);
        expect((await store.settlement(hash("r1")))?.logIndex).toBe(41n);
        expect((await store.settlement(hash("r0")))?.logIndex).toBeUndefined();
        expect((await store.unlogged(9_000, 10)).map(({ receiptId }) => receiptId)).toEqual([ids[0], ids[2]]);
      });

      test("nothing is known of what never was", async () => {
        expect(await store.settlement(hash("x"))).toBeUndefined();
        expect(await store.account("nobody")).toBeUndefined();
        expect((await store.reservations([hash("x")])).size).toBe(0);
        expect(await store.endRelaysOf("nobody", 1)).toBe(0);
      });
    });
  });
}
