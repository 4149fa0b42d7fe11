import { expect, test } from "@jest/globals";
import fc from "fast-check";
import type { MempoolOptions } from "../../src/mempool/mempool.ts";
import { NaivePool } from "./naive-pool.ts";
import { addressOf, createPool, nextBlock, poolOptions, recovered, verdict } from "./pool-fixture.ts";

const senders = 5;
const sender = fc.nat(senders - 1);
const operation = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant("add" as const),
      sender,
      nonce: fc.nat(6),
      tip: fc.integer({ min: 1, max: 30 }),
      extra: fc.integer({ min: 0, max: 30 }),
      value: fc.nat(3),
      bytes: fc.integer({ min: 100, max: 400 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("advance" as const),
      accounts: fc.array(
        fc.record({
          sender,
          nonce: fc.option(fc.nat(6), { nil: undefined }),
          funds: fc.option(fc.nat(6), { nil: undefined }),
        }),
        { maxLength: 3 },
      ),
      baseFee: fc.nat(40),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("expire" as const), afterMs: fc.nat(2_000) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("again" as const), position: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("withdraw" as const), sender, nonce: fc.nat(6) }) },
);

// Narrow enough for everything to happen within a few dozen operations.
const options: Partial<MempoolOptions> = {
  transactionsMax: 8,
  bytesMax: 2_000,
  senderTransactionsMax: 6,
  senderQueuedMax: 3,
  queuedLifetimeMs: 1_500,
};

/** Wei for so many transactions at a middling price. */
const funds = (count: number): bigint => BigInt(count) * 21_000n * 30n;

test("the pool does what the rules say, whatever the order of events", () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(fc.array(operation, { minLength: 1, maxLength: 80, size: "max" }), (operations) => {
      const { pool, clock, account, setAccount } = createPool(options);
      const model = new NaivePool({ ...poolOptions, ...options }, nextBlock.baseFeePerGas, account, () => clock.now());
      const announced: string[] = [];
      pool.subscribe({ pending: ({ hash }) => announced.push(hash) });
      for (let index = 0; index < senders; index++) setAccount(index, { balance: funds(4) });

      for (const step of operations) {
        const pendingBefore = new Set(model.pendingHashes());
        announced.length = 0;
        switch (step.kind) {
          case "add": {
            const fees = { maxPriorityFeePerGas: BigInt(step.tip), maxFeePerGas: BigInt(step.tip + step.extra) };
            const transaction = recovered(step.sender, step.nonce, {
              ...fees,
              value: BigInt(step.value),
              bytes: step.bytes,
            });
            const expected = model.add(transaction);
            seen.add(expected);
            expect(verdict(pool.add(transaction))).toBe(expected);
            break;
          }
          case "advance": {
            for (const { sender: index, nonce, funds: count } of step.accounts) {
              setAccount(index, {
                ...(nonce === undefined ? {} : { nonce: BigInt(nonce) }),
                ...(count === undefined ? {} : { balance: funds(count) }),
              });
            }
            const baseFeePerGas = BigInt(step.baseFee);
            pool.advance(
              { ...nextBlock, baseFeePerGas },
              step.accounts.map(({ sender: index }) => addressOf(index)),
            );
            model.advance(baseFeePerGas);
            break;
          }
          case "again": {
            const known = model.items[step.position % Math.max(1, model.items.length)]?.recovered;
            if (known === undefined) break;
            seen.add(model.add(known));
            expect(verdict(pool.add(known))).toBe("ALREADY_KNOWN");
            break;
          }
          case "expire":
            clock.nowMs += step.afterMs;
            pool.expire();
            model.expire();
            break;
          case "withdraw": {
            const hash = model.of(addressOf(step.sender)).find(({ nonce }) => nonce === BigInt(step.nonce))
              ?.recovered.hash;
            expect(pool.withdraw(hash ?? "0x")).toBe(hash !== undefined);
            if (hash !== undefined) model.withdraw(hash);
            break;
          }
        }

        const pending = model.pendingHashes();
        const entries = [...pool.senders()];
        expect(entries.flatMap((queue) => queue.pendingEntries().map(({ hash }) => hash)).sort()).toEqual(
          [...pending].sort(),
        );
        expect(
          entries
            .flatMap((queue) => [...queue.pendingEntries(), ...queue.queuedEntries()].map(({ hash }) => hash))
            .sort(),
        ).toEqual(model.items.map(({ recovered: { hash } }) => hash).sort());
        expect(pool.status()).toEqual({
          pending: pending.length,
          queued: model.items.length - pending.length,
          bytes: model.items.reduce((sum, { recovered: { raw } }) => sum + raw.length, 0),
        });
        expect([...announced].sort()).toEqual(pending.filter((hash) => !pendingBefore.has(hash)).sort());
        for (let index = 0; index < senders; index++) {
          const address = addressOf(index);
          expect(pool.nextNonce(address)).toBe(account(address).nonce + BigInt(model.pendingOf(address).length));
        }
        expect(orderOf(pool.select())).toEqual(model.order());
      }
    }),
    { numRuns: 250 },
  );
  // The run says nothing about what never happened in it.
  expect([...seen].sort()).toEqual([
    "ALREADY_KNOWN",
    "FUTURE_REPLACES_PENDING",
    "INSUFFICIENT_FUNDS",
    "NONCE_TOO_LOW",
    "REPLACEMENT_UNDERPRICED",
    "SENDER_LIMIT_REACHED",
    "UNDERPRICED",
    "pending",
    "queued",
  ]);
});

function orderOf(selection: ReturnType<ReturnType<typeof createPool>["pool"]["select"]>): string[] {
  const order: string[] = [];
  for (let best = selection.peek(); best !== undefined; best = selection.peek()) {
    order.push(best.hash);
    selection.accept();
  }
  return order;
}
