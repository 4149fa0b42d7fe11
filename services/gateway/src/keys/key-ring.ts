import type { AccountServiceDefinition } from "@koinon/contracts/koinon/compute/v1/account_service";
import type { Client } from "@koinon/rpc/handler";
import type { KeyStore } from "../store/key-store.ts";
import { Budgets } from "./budgets.ts";
import { CreationSweeper } from "./creation-sweeper.ts";
import { KeyCache } from "./key-cache.ts";
import { KeyIssuer } from "./key-issuer.ts";
import type { Seed } from "./seed.ts";

/** Everything about keys, put together. */
export interface KeyRing {
  readonly store: KeyStore;
  readonly cache: KeyCache;
  readonly budgets: Budgets;
  readonly issuer: KeyIssuer;
  readonly sweeper: CreationSweeper;
}

/** Options of a key ring. */
export interface KeyRingOptions {
  readonly keyTtlMs: number;
  readonly keysMax: number;
}

/** What a key ring works with. */
export interface KeyRingDependencies {
  readonly store: KeyStore;
  readonly accounts: Client<AccountServiceDefinition>;
  readonly seed: Seed;
  readonly clock: { now(): number };
  readonly random: { bytes(length: number): Uint8Array };
  readonly faults: {
    keyUnfinished(id: string, error: unknown): void;
    storeFailed(error: unknown): void;
  };
}

const LOOKUPS_MAX = 256;
const SWEEP_INTERVAL_MS = 1_000;

/** Wires store, cache, budgets, issuer and sweeper. */
export function createKeyRing(options: KeyRingOptions, dependencies: KeyRingDependencies): KeyRing {
  const { store, accounts, seed, clock, random, faults } = dependencies;
  const cache = new KeyCache(
    { ttlMs: options.keyTtlMs, keysMax: options.keysMax, lookupsMax: LOOKUPS_MAX },
    { clock, find: (id) => store.find(id) },
  );
  const budgets = new Budgets({ accounts });
  const issuer = new KeyIssuer({
    ...{ store, budgets, seed, clock, random },
    changed: (id) => cache.forget(id),
    unfinished: (id, error) => faults.keyUnfinished(id, error),
  });
  const sweeper = new CreationSweeper(
    { intervalMs: SWEEP_INTERVAL_MS },
    { issuer, failed: (error) => faults.storeFailed(error) },
  );
  return { store, cache, budgets, issuer, sweeper };
}
