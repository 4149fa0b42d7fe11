import type { Domain } from "@koinon/eip712/domain";
import type { Clock } from "@koinon/runtime/clock";
import type { Logger } from "@koinon/runtime/logger";
import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";
import type { MoneyStore } from "../accounts/money-store.ts";
import type { ReservesAhead } from "../accounts/reserve-ahead.ts";
import type { MarketMetrics } from "../metrics.ts";
import type { Registry } from "../registry/registry.ts";
import type { AccountDirectory } from "./account-directory.ts";
import type { Acknowledgements } from "./acknowledgements.ts";
import type { ProviderConnector } from "./provider-connection.ts";
import type { ProviderSlots } from "./provider-slots.ts";
import type { SessionTracker } from "./session-tracker.ts";
import type { SettlementWriter } from "./settlement-writer.ts";

/** What relaying works with. */
export interface RelayDependencies {
  readonly registry: Registry;
  readonly money: Pick<MoneyStore, "reserve" | "repoint"> & ReservesAhead;
  readonly accounts: AccountDirectory;
  readonly connector: ProviderConnector;
  readonly slots: ProviderSlots;
  readonly sessions: SessionTracker;
  readonly writer: SettlementWriter;
  readonly acknowledgements: Acknowledgements;
  readonly domain: Domain;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: MarketMetrics;
  /** This process, as reservations name it. */
  readonly instance: string;
  /** A provider was caught; takes effect at once and is written in the background. */
  accuse(provider: Address, reason: string, session: Hex | undefined): void;
}
