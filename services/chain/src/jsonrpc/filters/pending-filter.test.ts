import { expect, test } from "@jest/globals";
import type { Hex } from "@koinon/secp256k1/hex";
import type { MempoolListener } from "../../mempool/mempool.ts";
import { createPendingFilter, type PendingFilterOptions } from "./pending-filter.ts";

const { signal } = new AbortController();

/** A filter, and a pool that tells it of transactions by number. */
function filterOf(options: PendingFilterOptions) {
  let listener: MempoolListener | undefined;
  const subscribe = (subscribed: MempoolListener) => {
    listener = subscribed;
    return () => undefined;
  };
  const filter = createPendingFilter({ subscribe }, options);
  const tell = (...numbers: number[]) => {
    for (const number of numbers) listener?.pending?.({ hash: hashOf(number) } as Parameters<Pending>[0]);
  };
  return { tell, changes: async () => (await filter.changes(signal)) as readonly unknown[] };
}

type Pending = NonNullable<MempoolListener["pending"]>;
const hashOf = (number: number): Hex => `0x${number.toString(16).padStart(64, "0")}`;

test("a filter keeps the newest, as many as it may and as fit into an answer", async () => {
  const numbers = Array.from({ length: 50 }, (_, index) => index);
  for (const [options, kept] of [
    [{ queueMax: 4, responseLengthMax: 10_000 }, [46, 47, 48, 49]],
    [{ queueMax: 100, responseLengthMax: 3 * 69 }, [47, 48, 49]],
    [{ queueMax: 100, responseLengthMax: 10_000 }, numbers],
  ] as const) {
    const { tell, changes } = filterOf({ isFull: false, ...options });
    tell(...numbers);
    expect(await changes()).toEqual(kept.map(hashOf));
    expect(await changes()).toEqual([]);
    tell(7);
    expect(await changes()).toEqual([hashOf(7)]);
  }
});
