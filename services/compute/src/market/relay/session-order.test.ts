import { describe, expect, test } from "@jest/globals";
import type { Hex } from "@koinon/secp256k1/hex";
import { SessionOrder } from "./session-order.ts";

const session: Hex = `0x${"aa".repeat(32)}`;
const idOf = (sequence: bigint): Hex => `0x${sequence.toString(16).padStart(64, "0")}`;
const place = (sequence: bigint, of = session) => ({
  ...{ session: of, sequence, receiptId: idOf(sequence + 1n), previous: idOf(sequence) },
});
const never = new AbortController().signal;
const longMs = 60_000;

describe("SessionOrder", () => {
  test("a receipt is next when the one before it was handed in, or itself", () => {
    const order = new SessionOrder({ sessionsMax: 10 });
    expect([order.isNext(place(0n)), order.isNext(place(1n))]).toEqual([true, false]);
    order.handed(place(4n));
    expect([3n, 4n, 5n, 6n].map((sequence) => order.isNext(place(sequence)))).toEqual([true, true, true, false]);
    order.handed(place(2n));
    expect(order.isNext(place(5n))).toBe(true);
  });

  test("those that wait go one behind the other, in order", async () => {
    const order = new SessionOrder({ sessionsMax: 10 });
    const handed: bigint[] = [];
    const waiting = [3n, 1n, 2n].map(async (sequence) => {
      await order.predecessor(place(sequence), longMs, never);
      handed.push(sequence);
      order.handed(place(sequence));
    });
    order.handed(place(0n));
    await Promise.all(waiting);
    expect(handed).toEqual([1n, 2n, 3n]);
  });

  test("nobody waits for longer than told, or once it is over", async () => {
    const order = new SessionOrder({ sessionsMax: 10 });
    await order.predecessor(place(5n), 1, never);
    const over = new AbortController();
    const waiting = order.predecessor(place(5n), longMs, over.signal);
    over.abort();
    await waiting;
    await order.predecessor(place(5n), longMs, over.signal);
  });

  test("the session that was used least lately is forgotten", () => {
    const order = new SessionOrder({ sessionsMax: 2 });
    const [first, second, third] = [idOf(101n), idOf(102n), idOf(103n)];
    order.handed(place(0n, first));
    order.handed(place(0n, second));
    order.handed(place(1n, first));
    order.handed(place(0n, third));
    expect([first, second, third].map((of) => order.isNext(place(1n, of)))).toEqual([true, false, true]);
  });
});
