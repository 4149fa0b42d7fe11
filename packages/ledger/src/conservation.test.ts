import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type Account, availableOf } from "./account.ts";
import { LedgerError } from "./fault.ts";
import { MemoryLedger } from "./memory-ledger.ts";
import type { Transfer } from "./transfer.ts";

const accounts = ["issuance", "budget-a", "budget-b", "line", "provider-a", "provider-b"] as const;
const floors: Record<(typeof accounts)[number], bigint | null> = {
  issuance: null,
  "budget-a": 0n,
  "budget-b": 0n,
  line: -200n,
  "provider-a": 0n,
  "provider-b": 0n,
};

// Few ids, so that retries, collisions and resolving what is resolved already all happen.
const ids = fc.nat(120).map((number) => `t${number}`);
const amounts = fc.oneof(
  { weight: 30, arbitrary: fc.bigInt({ min: 0n, max: 60n }) },
  { weight: 1, arbitrary: fc.constantFrom(-1n, 500n, 2n ** 128n) },
);
const account = fc.constantFrom(...accounts);
const transfers: fc.Arbitrary<Transfer> = fc.oneof(
  fc.record({ kind: fc.constant("immediate" as const), id: ids, debit: account, credit: account, amount: amounts }),
  fc.record({ kind: fc.constant("pending" as const), id: ids, debit: account, credit: account, amount: amounts }),
  fc.record({ kind: fc.constant("post" as const), id: ids, pending: ids, amount: amounts }),
  fc.record({ kind: fc.constant("void" as const), id: ids, pending: ids }),
);
const batches = fc.oneof(
  { weight: 4, arbitrary: transfers.map((transfer) => [transfer]) },
  { weight: 1, arbitrary: fc.array(transfers, { minLength: 2, maxLength: 3 }) },
);
const histories = fc.array(batches, { minLength: 200, maxLength: 300, size: "max" });

function createOpened(): MemoryLedger {
  const ledger = new MemoryLedger();
  for (const id of accounts) ledger.openAccount(id, floors[id]);
  ledger.apply({ kind: "immediate", id: "open-a", debit: "issuance", credit: "budget-a", amount: 1_000n });
  ledger.apply({ kind: "immediate", id: "open-b", debit: "issuance", credit: "budget-b", amount: 300n });
  return ledger;
}

function sum(
  list: readonly Account[],
  total: "debitsPending" | "debitsPosted" | "creditsPending" | "creditsPosted",
): bigint {
  return list.reduce((result, entry) => result + entry[total], 0n);
}

function assertSound(ledger: MemoryLedger): void {
  const list = ledger.accounts();
  expect(sum(list, "debitsPosted")).toBe(sum(list, "creditsPosted"));
  expect(sum(list, "debitsPending")).toBe(sum(list, "creditsPending"));
  for (const entry of list) {
    if (entry.floor !== null) expect([entry.id, availableOf(entry) >= entry.floor]).toEqual([entry.id, true]);
  }
}

/** The totals, computed anew from the journal alone: what the incremental balances have to agree with. */
function totalsFromJournal(ledger: MemoryLedger, id: string) {
  const totals = { debitsPending: 0n, debitsPosted: 0n, creditsPending: 0n, creditsPosted: 0n };
  const journal = ledger.transfers();
  for (const { transfer, state } of journal) {
    if (transfer.kind === "post" || transfer.kind === "void") continue;
    const resolution = journal.find(
      ({ transfer: other }) => (other.kind === "post" || other.kind === "void") && other.pending === transfer.id,
    )?.transfer;
    const posted =
      transfer.kind === "immediate" ? transfer.amount : resolution?.kind === "post" ? resolution.amount : 0n;
    const pending = state === "pending" ? transfer.amount : 0n;
    if (transfer.debit === id) {
      totals.debitsPosted += posted;
      totals.debitsPending += pending;
    }
    if (transfer.credit === id) {
      totals.creditsPosted += posted;
      totals.creditsPending += pending;
    }
  }
  return totals;
}

describe("long random histories", () => {
  test("conserve every unit, keep every floor, agree with their journal, and replay to the same", () => {
    let applied = 0;
    let refused = 0;
    const codes = new Set<string>();
    fc.assert(
      fc.property(histories, (history) => {
        const ledger = createOpened();
        const accepted: Transfer[][] = [];
        for (const batch of history) {
          try {
            if (ledger.apply(...batch) === "applied") accepted.push(batch);
            applied++;
          } catch (error) {
            if (!(error instanceof LedgerError)) throw error;
            codes.add(error.code);
            refused++;
          }
          assertSound(ledger);
        }
        for (const entry of ledger.accounts()) expect(entry).toMatchObject(totalsFromJournal(ledger, entry.id));
        const replayed = createOpened();
        for (const batch of accepted) {
          replayed.apply(...batch);
          expect(replayed.apply(...batch)).toBe("duplicate");
        }
        expect(replayed.accounts()).toEqual(ledger.accounts());
        expect(replayed.transfers()).toEqual(ledger.transfers());
      }),
      { numRuns: 50 },
    );
    // The histories are worth something only when much of both happens.
    expect(applied).toBeGreaterThan(500);
    expect(refused).toBeGreaterThan(500);
    for (const code of [
      "INSUFFICIENT_FUNDS",
      "DUPLICATE_TRANSFER",
      "NOT_PENDING",
      "AMOUNT_OUT_OF_RANGE",
      "UNKNOWN_TRANSFER",
      "SAME_ACCOUNT",
    ]) {
      expect(codes).toContain(code);
    }
  });
});
