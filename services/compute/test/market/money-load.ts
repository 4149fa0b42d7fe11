import { setTimeout as delay } from "node:timers/promises";
import { AccountsError } from "../../src/market/accounts/errors.ts";
import type { MoneyStore } from "../../src/market/accounts/money-store.ts";
import { hash, reservation, SessionSample } from "./money-samples.ts";

/** What a worker was told by the store, in the order of being told. */
export type Told = (what: "reserved" | "settled" | "voided", request: string) => void;

/** How the load runs. */
export interface LoadOptions {
  readonly workers: number;
  /** Distinguishes the requests of several loads on one database. */
  readonly name: string;
  readonly accountId: string;
  readonly signal: AbortSignal;
}

/** Requests as a market makes them: reserve, then settle or void, every step tried again until the store answers. */
export async function runMoneyLoad(store: MoneyStore, options: LoadOptions, told: Told): Promise<void> {
  const worker = async (index: number) => {
    const session = new SessionSample("ada", `${options.name} ${index}`);
    for (let round = 0; !options.signal.aborted; round += 1) {
      const request = `${options.name} ${index} ${round}`;
      await persist(() => store.reserve(reservation(request, options.accountId, 20n)));
      told("reserved", request);
      if (round % 5 === 4) {
        const giveBack = {
          requestId: hash(request),
          relayedBy: "market-1",
          reason: "PROVIDERS_FAILED",
          attempts: [],
          now: 1,
        };
        await persist(() => store.void(giveBack));
        told("voided", request);
      } else {
        const receipt = session.next(request, 7n);
        const outcome = await persist(() => store.settle(receipt));
        if (outcome !== "settled" && outcome !== "duplicate") throw new Error(`${request}: ${outcome}`);
        told("settled", request);
      }
    }
  };
  await Promise.all(Array.from({ length: options.workers }, (_, index) => worker(index)));
}

/** Tries again while the database is away; a refusal of the content is an error of the load. */
async function persist<T>(step: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await step();
    } catch (error) {
      if (error instanceof AccountsError) throw error;
      await delay(5);
    }
  }
}
