import { describe, expect, test } from "@jest/globals";
import { amountMax, availableOf } from "./account.ts";
import { applyTransfers } from "./apply-transfer.ts";
import { LedgerError, type LedgerFault } from "./fault.ts";
import { MemoryLedger } from "./memory-ledger.ts";
import type { Transfer } from "./transfer.ts";

const deposit = (id: string, credit: string, amount: bigint): Transfer => ({
  kind: "immediate",
  id,
  debit: "issuance",
  credit,
  amount,
});
const reserve = (id: string, amount: bigint, credit = "provider"): Transfer => ({
  kind: "pending",
  id,
  debit: "budget",
  credit,
  amount,
});
const post = (id: string, pending: string, amount: bigint): Transfer => ({ kind: "post", id, pending, amount });
const release = (id: string, pending: string): Transfer => ({ kind: "void", id, pending });

function createFunded(amount: bigint): MemoryLedger {
  const ledger = new MemoryLedger();
  ledger.openAccount("issuance", null);
  ledger.openAccount("budget", 0n);
  ledger.openAccount("provider", 0n);
  ledger.openAccount("other", 0n);
  ledger.apply(deposit("deposit", "budget", amount));
  return ledger;
}

const available = (ledger: MemoryLedger, id: string): bigint => availableOf(ledger.account(id) as never);

/** The fault, after making sure that nothing changed. */
function faultOf(ledger: MemoryLedger, ...transfers: Transfer[]): LedgerFault | "applied" {
  const before = JSON.stringify([ledger.accounts(), ledger.transfers()], (_, value) =>
    typeof value === "bigint" ? `${value}n` : value,
  );
  try {
    ledger.apply(...transfers);
  } catch (error) {
    const after = JSON.stringify([ledger.accounts(), ledger.transfers()], (_, value) =>
      typeof value === "bigint" ? `${value}n` : value,
    );
    expect(after).toBe(before);
    if (error instanceof LedgerError) return error.fault;
    throw error;
  }
  return "applied";
}

describe("two-phase transfers", () => {
  test("reserve, settle for less, release the rest", () => {
    const ledger = createFunded(1_000n);
    ledger.apply(reserve("r1", 300n));
    expect(ledger.account("budget")).toMatchObject({ debitsPending: 300n, debitsPosted: 0n });
    expect(available(ledger, "budget")).toBe(700n);
    expect(available(ledger, "provider")).toBe(0n);
    ledger.apply(post("p1", "r1", 120n));
    expect(ledger.account("budget")).toMatchObject({ debitsPending: 0n, debitsPosted: 120n });
    expect(ledger.account("provider")).toMatchObject({ creditsPending: 0n, creditsPosted: 120n });
    expect(available(ledger, "budget")).toBe(880n);
    expect(ledger.transfer("r1")?.state).toBe("posted");
  });

  test("void gives everything back, post of nothing and of everything are the limits", () => {
    const ledger = createFunded(100n);
    ledger.apply(reserve("r1", 100n), reserve("r2", 0n));
    ledger.apply(release("v1", "r1"));
    expect(available(ledger, "budget")).toBe(100n);
    ledger.apply(reserve("r3", 100n), post("p3", "r3", 100n), post("p2", "r2", 0n));
    expect(available(ledger, "budget")).toBe(0n);
    expect(available(ledger, "provider")).toBe(100n);
  });

  test("credits that are pending can not be spent", () => {
    const ledger = createFunded(100n);
    ledger.apply(reserve("r1", 100n));
    const spend: Transfer = { kind: "immediate", id: "s", debit: "provider", credit: "other", amount: 1n };
    expect(faultOf(ledger, spend)).toEqual({
      code: "INSUFFICIENT_FUNDS",
      account: "provider",
      needed: 1n,
      available: 0n,
    });
  });

  test("a reservation is re-pointed in one step, also when nothing else is left", () => {
    const ledger = createFunded(100n);
    ledger.apply(reserve("r1", 100n));
    ledger.apply(release("v1", "r1"), reserve("r2", 100n, "other"));
    expect(ledger.account("provider")?.creditsPending).toBe(0n);
    expect(ledger.account("other")?.creditsPending).toBe(100n);
    const tooMuch = [release("v2", "r2"), reserve("r3", 101n)];
    expect(faultOf(ledger, ...tooMuch)).toMatchObject({ code: "INSUFFICIENT_FUNDS", needed: 101n, available: 100n });
    expect(ledger.transfer("r2")?.state).toBe("pending");
  });
});

describe("limits", () => {
  test("the floor holds to the last unit", () => {
    const ledger = createFunded(10n);
    expect(faultOf(ledger, reserve("a", 11n))).toEqual({
      code: "INSUFFICIENT_FUNDS",
      account: "budget",
      needed: 11n,
      available: 10n,
    });
    ledger.apply(reserve("b", 10n));
    expect(faultOf(ledger, reserve("c", 1n))).toMatchObject({ code: "INSUFFICIENT_FUNDS", available: 0n });
  });

  test("a floor below zero is a credit line", () => {
    const ledger = createFunded(0n);
    ledger.openAccount("line", -50n);
    const spend = (id: string, amount: bigint): Transfer => ({
      kind: "immediate",
      id,
      debit: "line",
      credit: "provider",
      amount,
    });
    expect(faultOf(ledger, spend("a", 51n))).toMatchObject({ needed: 51n, available: 50n });
    ledger.apply(spend("b", 50n));
    expect(available(ledger, "line")).toBe(-50n);
  });

  test("ten of a hundred reservations fit a budget for ten", () => {
    const ledger = createFunded(100n);
    const results = Array.from({ length: 100 }, (_, index) => faultOf(ledger, reserve(`r${index}`, 10n)));
    expect(results.filter((result) => result === "applied")).toHaveLength(10);
  });

  test("amounts and totals stay below 2^128", () => {
    const ledger = createFunded(0n);
    expect(faultOf(ledger, deposit("d", "budget", -1n))).toMatchObject({ code: "AMOUNT_OUT_OF_RANGE" });
    expect(faultOf(ledger, deposit("d", "budget", amountMax + 1n))).toEqual({
      code: "AMOUNT_OUT_OF_RANGE",
      amount: amountMax + 1n,
      max: amountMax,
    });
    ledger.apply(deposit("d", "budget", amountMax));
    expect(faultOf(ledger, deposit("e", "other", 1n))).toEqual({ code: "BALANCE_OUT_OF_RANGE", account: "issuance" });
  });
});

describe("faults", () => {
  test("unknown accounts and transfers, and an account to itself", () => {
    const ledger = createFunded(10n);
    expect(faultOf(ledger, reserve("a", 1n, "nobody"))).toEqual({ code: "UNKNOWN_ACCOUNT", account: "nobody" });
    expect(faultOf(ledger, { kind: "pending", id: "a", debit: "nobody", credit: "budget", amount: 1n })).toMatchObject({
      account: "nobody",
    });
    expect(faultOf(ledger, reserve("a", 1n, "budget"))).toEqual({ code: "SAME_ACCOUNT", account: "budget" });
    expect(faultOf(ledger, post("p", "missing", 1n))).toEqual({ code: "UNKNOWN_TRANSFER", transfer: "missing" });
  });

  test("a transfer is resolved once", () => {
    const ledger = createFunded(10n);
    ledger.apply(reserve("a", 5n), reserve("b", 5n), post("pa", "a", 2n), release("vb", "b"));
    expect(faultOf(ledger, post("x", "a", 1n))).toEqual({ code: "NOT_PENDING", transfer: "a", state: "posted" });
    expect(faultOf(ledger, release("x", "a"))).toMatchObject({ state: "posted" });
    expect(faultOf(ledger, post("x", "b", 1n))).toMatchObject({ state: "voided" });
    expect(faultOf(ledger, post("x", "deposit", 1n))).toMatchObject({ state: "immediate" });
    expect(faultOf(ledger, post("x", "pa", 1n))).toMatchObject({ state: "immediate" });
  });

  test("no more is posted than was pending", () => {
    const ledger = createFunded(10n);
    ledger.apply(reserve("a", 5n));
    expect(faultOf(ledger, post("x", "a", 6n))).toEqual({ code: "AMOUNT_OUT_OF_RANGE", amount: 6n, max: 5n });
    expect(faultOf(ledger, post("x", "a", -1n))).toMatchObject({ code: "AMOUNT_OUT_OF_RANGE" });
  });

  test("retrying changes nothing, the same id with other content is refused", () => {
    const ledger = createFunded(10n);
    const steps: Transfer[] = [reserve("a", 5n), post("p", "a", 3n), reserve("b", 1n), release("v", "b")];
    for (const step of steps) {
      expect(ledger.apply(step)).toBe("applied");
      expect(ledger.apply(step)).toBe("duplicate");
    }
    expect(ledger.apply(...steps)).toBe("duplicate");
    const others: Transfer[] = [
      reserve("a", 6n),
      reserve("a", 5n, "other"),
      deposit("a", "budget", 5n),
      post("p", "a", 4n),
      post("p", "b", 3n),
      release("p", "a"),
      release("v", "a"),
      post("v", "b", 0n),
    ];
    for (const other of others)
      expect(faultOf(ledger, other)).toEqual({ code: "DUPLICATE_TRANSFER", transfer: other.id });
  });

  test("an account is opened once", () => {
    const ledger = createFunded(10n);
    expect(ledger.openAccount("budget", 0n)).toMatchObject({ creditsPosted: 10n });
    expect(() => ledger.openAccount("budget", null)).toThrow("ACCOUNT_EXISTS");
  });
});

test("applying is pure: the view is only read", () => {
  const ledger = createFunded(10n);
  const account = ledger.account("budget");
  const change = applyTransfers(ledger, [reserve("a", 4n), post("p", "a", 1n)]);
  expect(ledger.account("budget")).toBe(account);
  expect(ledger.transfer("a")).toBeUndefined();
  expect(change.accounts.map(({ id }) => id)).toEqual(["budget", "provider"]);
  expect(change.transfers.map(({ transfer, state }) => [transfer.id, state])).toEqual([
    ["a", "posted"],
    ["p", "final"],
  ]);
});
