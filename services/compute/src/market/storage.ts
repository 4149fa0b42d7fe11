import { fileURLToPath } from "node:url";
import type { MoneyStore } from "./accounts/money-store.ts";
import type { ReservesAhead } from "./accounts/reserve-ahead.ts";
import type { InstanceStore } from "./reconcile/instance-store.ts";
import type { RegistryStore } from "./registry/registry-store.ts";

/** Where the market keeps everything that must survive it, and publishes from. */
export interface MarketStorage {
  readonly money: MoneyStore & ReservesAhead;
  readonly registry: RegistryStore;
  readonly instances: InstanceStore;
  /** Resolves when it can be read, for which it waits a while; tells why it still waits, and throws when it has waited for too long. */
  available(signal: AbortSignal | undefined, waiting: (error: Error) => void): Promise<void>;
  /** Publishing of settled receipts begins. */
  start(): void;
  /** Something was settled: publish it now rather than at the next look. */
  settled(): void;
  /** Lets go of everything. */
  stop(): Promise<void>;
}

/** The service's part of a database, for whoever migrates it. */
export const computeMigrations: { readonly schema: string; readonly directory: string } = {
  schema: "compute",
  directory: fileURLToPath(new URL("../../migrations", import.meta.url)),
};
