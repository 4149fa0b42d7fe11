import { describe, expect, test } from "@jest/globals";
import { FakeClock } from "@koinon/testkit/fake-clock";
import { SeededRandom } from "@koinon/testkit/seeded-random";
import { ImaginedChain, nameOf } from "../../../test/jsonrpc/imagined-chain.ts";
import { ChainPosition } from "./chain-position.ts";
import type { Filter } from "./filter.ts";
import { FilterRegistry } from "./filter-registry.ts";

/** What a client sees that polls until nothing is new. */
function poll(position: ChainPosition, chain: ImaginedChain, blocksMax: bigint): string[] {
  const seen: string[] = [];
  for (;;) {
    const { from, to } = position.next(blocksMax);
    if (from > to) return seen;
    for (let number = from; number <= to; number++) seen.push(nameOf(chain.header(number)?.hash ?? "0x"));
    position.advance(to);
  }
}

describe("a position in the chain", () => {
  test("begins behind the head and goes on in portions", () => {
    const chain = new ImaginedChain("genesis", "a", "b");
    const position = new ChainPosition(chain);
    expect(poll(position, chain, 10n)).toEqual([]);
    chain.extend("c", "d", "e", "f");
    expect(position.next(3n)).toEqual({ from: 3n, to: 5n });
    expect(position.next(3n)).toEqual({ from: 3n, to: 5n });
    expect(poll(position, chain, 3n)).toEqual(["c", "d", "e", "f"]);
    expect(poll(position, chain, 3n)).toEqual([]);
  });

  test("goes back to the last common block when others take their place", () => {
    const chain = new ImaginedChain("genesis", "a");
    const position = new ChainPosition(chain);
    chain.extend("b", "c", "d");
    expect(poll(position, chain, 10n)).toEqual(["b", "c", "d"]);
    chain.reorganise(2, "C", "D", "E");
    expect(poll(position, chain, 10n)).toEqual(["C", "D", "E"]);
    chain.reorganise(4, "B");
    expect(poll(position, chain, 10n)).toEqual(["B"]);
  });

  test("a chain that became shorter is waited for", () => {
    const chain = new ImaginedChain("genesis", "a");
    const position = new ChainPosition(chain);
    chain.extend("b", "c");
    expect(poll(position, chain, 10n)).toEqual(["b", "c"]);
    chain.reorganise(2);
    expect(poll(position, chain, 10n)).toEqual([]);
    chain.extend("B");
    expect(poll(position, chain, 10n)).toEqual(["B"]);
  });

  test("remembers a bounded number of blocks", () => {
    const chain = new ImaginedChain("genesis");
    const position = new ChainPosition(chain);
    chain.extend(...Array.from({ length: 500 }, (_, index) => `b${index}`));
    expect(poll(position, chain, 1_000n)).toHaveLength(500);
    chain.reorganise(10, "x");
    expect(poll(position, chain, 1_000n)).toEqual(["x"]);
  });
});

describe("the registry of filters", () => {
  const closed: string[] = [];
  const filter = (name: string): Filter => ({
    query: undefined,
    changes: async () => [],
    close: () => void closed.push(name),
  });

  test("forgets what nobody asks, and makes room by it", () => {
    closed.length = 0;
    const clock = new FakeClock(1_000);
    const filters = new FilterRegistry(
      { filtersMax: 2, filterLifetimeMs: 100 },
      { clock, random: new SeededRandom(1) },
    );
    const first = filters.add(() => filter("first"));
    clock.advance(60);
    const second = filters.add(() => filter("second"));
    expect(() => filters.add(() => filter("third"))).toThrow("too many filters");
    clock.advance(40);
    expect(() => filters.get(first)).toThrow("filter not found");
    expect(closed).toEqual(["first"]);
    filters.get(second);
    clock.advance(99);
    filters.get(second);
    expect(filters.size).toBe(1);
    filters.add(() => filter("third"));
    filters.close();
    expect(closed).toEqual(["first", "second", "third"]);
    expect(filters.remove(second)).toBe(false);
  });
});
