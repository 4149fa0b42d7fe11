import { bytesToHex } from "@koinon/secp256k1/hex";
import type { SeededRandom } from "@koinon/testkit/seeded-random";

/** A key with its budget. */
export interface StandInKey {
  readonly id: string;
  readonly name: string;
  readonly key: string;
  readonly scopes: readonly string[];
  readonly createdAt: number;
  readonly requestsPerMinute: number | null;
  revokedAt: number | null;
  limit: bigint;
  spent: bigint;
  reserved: bigint;
}

/** API keys in memory. */
export class StandInKeys {
  readonly #keys: StandInKey[] = [];
  readonly #deposits = new Set<string>();
  readonly #withdrawals = new Map<string, bigint>();
  readonly #random: SeededRandom;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  create(name: string, budget: bigint, scopes: readonly string[], requestsPerMinute: number | null = null): StandInKey {
    const id = bytesToHex(this.#random.bytes(8)).slice(2);
    const key: StandInKey = {
      id,
      name,
      key: `sk-koinon-${id}-${bytesToHex(this.#random.bytes(16)).slice(2)}`,
      scopes,
      createdAt: Date.now(),
      requestsPerMinute,
      revokedAt: null,
      limit: budget,
      spent: 0n,
      reserved: 0n,
    };
    this.#keys.unshift(key);
    return key;
  }

  find(authorization: string | undefined): StandInKey | undefined {
    return this.#keys.find(({ key, revokedAt }) => authorization === `Bearer ${key}` && revokedAt === null);
  }

  byId(id: string): StandInKey | undefined {
    return this.#keys.find((key) => key.id === id);
  }

  deposit(key: StandInKey, amount: bigint, requestId: string): void {
    if (this.#deposits.has(requestId)) return;
    this.#deposits.add(requestId);
    key.limit += amount;
  }

  /** What is available goes back, once by a request id; answers how much. */
  withdraw(key: StandInKey, requestId: string): bigint {
    const before = this.#withdrawals.get(requestId);
    if (before !== undefined) return before;
    const amount = key.limit - key.spent - key.reserved;
    this.#withdrawals.set(requestId, amount);
    key.limit -= amount;
    return amount;
  }

  list(): StandInKey[] {
    return [...this.#keys];
  }
}

/** `GET /v1/budget`. */
export function budgetView({ limit, spent, reserved }: StandInKey) {
  const available = limit - spent - reserved;
  return {
    limit: limit.toString(),
    spent: spent.toString(),
    reserved: reserved.toString(),
    available: available.toString(),
  };
}

/** One entry of `GET /v1/keys`. */
export function keyView(key: StandInKey) {
  return {
    id: key.id,
    name: key.name,
    prefix: `sk-koinon-${key.id}`,
    scopes: key.scopes,
    consumer: `0x${"11".repeat(20)}`,
    state: "active",
    created_at: key.createdAt,
    expires_at: null,
    revoked_at: key.revokedAt,
    requests_per_minute: key.requestsPerMinute,
    budget: budgetView(key),
  };
}
