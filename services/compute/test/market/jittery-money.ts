import { setImmediate as nextTurn } from "node:timers/promises";
import { DatabaseError } from "@koinon/postgres/database-error";
import type { SeededRandom } from "@koinon/testkit/seeded-random";
import type { MarketStorage } from "../../src/market/storage.ts";

type Money = MarketStorage["money"];

/**
 * A money store whose answers take their time and sometimes get lost, before or after the step was done. Counts what was really settled, by
 * request.
 */
export function jitteryMoney(money: Money, random: SeededRandom, settled: Map<string, number>): Money {
  const wait = async () => {
    for (let turns = random.integer(4); turns > 0; turns--) await nextTurn();
  };
  const maybeLost = () => {
    if (random.chance(0.03)) throw new DatabaseError({ code: "DATABASE_UNREACHABLE", reason: "simulated" });
  };
  return new Proxy(money, {
    get: (target, step) => {
      const value: unknown = Reflect.get(target, step, target);
      if (typeof value !== "function") return value;
      // Knows the balances, and is sometimes wrong about them.
      if (step === "isLikely") return () => random.chance(0.5);
      return async (...parameters: unknown[]) => {
        await wait();
        maybeLost();
        const result: unknown = await value.apply(target, parameters);
        if (step === "settle" && result === "settled") {
          const { requestId } = parameters[0] as Parameters<Money["settle"]>[0];
          settled.set(requestId, (settled.get(requestId) ?? 0) + 1);
        }
        await wait();
        maybeLost();
        return result;
      };
    },
  });
}
