import { expect } from "@jest/globals";
import { describeMoneyStore } from "../../../test/market/money-store-suite.ts";
import { MemoryMoneyStore } from "./memory-money-store.ts";

describeMoneyStore("memory", async () => {
  const store = new MemoryMoneyStore();
  return {
    store,
    close: async () => undefined,
    async assertBalanced() {
      const sums = { debitsPending: 0n, debitsPosted: 0n, creditsPending: 0n, creditsPosted: 0n };
      for (const account of store.ledger.accounts()) {
        for (const key of Object.keys(sums) as (keyof typeof sums)[]) sums[key] += account[key];
      }
      expect([sums.debitsPending, sums.debitsPosted]).toEqual([sums.creditsPending, sums.creditsPosted]);
    },
  };
});
