import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { EvictionHeap, isWorthLess, tailWorth } from "../../src/mempool/eviction-heap.ts";
import { createPooledTransaction } from "../../src/mempool/pooled-transaction.ts";
import { SenderQueue } from "../../src/mempool/sender-queue.ts";
import { addressOf, recovered } from "./pool-fixture.ts";

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("put" as const), sender: fc.nat(60), fee: fc.nat(1_000) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("take" as const), sender: fc.nat(60), fee: fc.constant(0) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("begin" as const), sender: fc.constant(0), fee: fc.nat(500) }),
  },
);

test("senders come off the top in the order of what their last transactions are worth, after any changes", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 250, size: "max" }), (steps) => {
      const account = { nonce: 0n, balance: 10n ** 18n, hasCode: false };
      const queues = Array.from({ length: 61 }, (_, index) => new SenderQueue(addressOf(index), account));
      let baseFee = 0n;
      let heap = new EvictionHeap([], baseFee);
      for (const [sequence, { kind, sender, fee }] of steps.entries()) {
        const queue = queues[sender] as SenderQueue;
        if (kind === "begin") {
          baseFee = BigInt(fee);
          heap = new EvictionHeap(
            queues.filter(({ size }) => size > 0),
            baseFee,
          );
          continue;
        }
        const fees = { maxFeePerGas: BigInt(fee), maxPriorityFeePerGas: BigInt(fee >> 1) };
        const next = recovered(sender, queue.size, fees);
        const line = { sequence, addedAtMs: 0, before: queue.tail };
        if (kind === "put") queue.put(createPooledTransaction(next, next.transaction, line));
        else queue.takeTail();
        heap.update(queue);
      }
      for (let top = heap.top(); top !== undefined; top = heap.top()) {
        const rest = queues.filter(({ size }) => size > 0).map((queue) => tailWorth(queue, baseFee));
        const least = rest.reduce((left, right) => (isWorthLess(right, left) ? right : left));
        expect(heap.topWorth()).toEqual(least);
        expect(top.tail?.sequence).toBe(least.sequence);
        while (top.size > 0) top.takeTail();
        heap.update(top);
      }
      expect(queues.every(({ size, heapIndex }) => size === 0 && heapIndex === -1)).toBe(true);
    }),
    { numRuns: 300 },
  );
});
