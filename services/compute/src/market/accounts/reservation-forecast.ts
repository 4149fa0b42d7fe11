import type { Hex } from "@koinon/secp256k1/hex";
import { RecentMap } from "../recent-map.ts";

/** How many times a request's cost a budget must hold for its reservation to be called likely: room for what other replicas reserve meanwhile. */
const likelyTimes = 32n;

/** A reservation as far as its outcome depends on it. */
export interface ForecastRequest {
  readonly requestId: Hex;
  readonly accountId: string;
  /** Micro-credits. */
  readonly amount: bigint;
}

export interface ReservationForecastOptions {
  /** Budgets remembered; the one that was heard of longest ago is forgotten first. */
  readonly budgetsMax: number;
  /** Request ids remembered; the oldest are forgotten first. */
  readonly requestsMax: number;
}

interface Budget {
  /** Micro-credits, as the store said last. */
  readonly available: bigint;
  /** Asked for and not answered yet. */
  asked: bigint;
}

/**
 * Tells from what this process last heard whether a reservation will be granted. Nothing is decided by it: the store alone reserves, and every
 * answer of the store puts it right.
 */
export class ReservationForecast {
  readonly #budgets: RecentMap<string, Budget>;
  readonly #requests: RecentMap<Hex, true>;

  constructor({ budgetsMax, requestsMax }: ReservationForecastOptions) {
    this.#budgets = new RecentMap({ entriesMax: budgetsMax });
    this.#requests = new RecentMap({ entriesMax: requestsMax });
  }

  isLikely({ requestId, accountId, amount }: ForecastRequest): boolean {
    const budget = this.#budgets.get(accountId);
    if (budget === undefined || budget.available - budget.asked < amount * likelyTimes) return false;
    return !this.#requests.has(requestId);
  }

  /** The store is asked; `granted`, `refused` or `failed` follows. */
  asks({ requestId, accountId, amount }: ForecastRequest): void {
    const budget = this.#budgets.get(accountId);
    if (budget !== undefined) budget.asked += amount;
    this.#requests.set(requestId, true);
  }

  /** `left` when the store said what the budget has left. */
  granted({ accountId, amount }: ForecastRequest, left: bigint | undefined): void {
    const before = this.#budgets.get(accountId)?.available;
    const available = left ?? (before === undefined ? undefined : before - amount);
    if (available !== undefined) this.#hear(accountId, available, amount);
  }

  /** The budget has no more than this. */
  refused({ accountId, amount }: ForecastRequest, available: bigint): void {
    this.#hear(accountId, available, amount);
  }

  /** What became of the reservation is not known. */
  failed({ accountId }: ForecastRequest): void {
    this.#budgets.delete(accountId);
  }

  #hear(accountId: string, available: bigint, answered: bigint): void {
    const before = this.#budgets.get(accountId);
    // What was asked for before the budget was known is not counted.
    const asked = before === undefined || before.asked < answered ? 0n : before.asked - answered;
    this.#budgets.set(accountId, { available, asked });
  }
}
