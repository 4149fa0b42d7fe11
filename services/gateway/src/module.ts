import { AccountServiceDefinition } from "@koinon/contracts/koinon/compute/v1/account_service";
import { MarketServiceDefinition } from "@koinon/contracts/koinon/compute/v1/market_service";
import { ContributionServiceDefinition } from "@koinon/contracts/koinon/poi/v1/contribution_service";
import { LogServiceDefinition } from "@koinon/contracts/koinon/poi/v1/log_service";
import type { Module, ModuleDefinition } from "@koinon/runtime/module";
import { type GatewayConfig, gatewayConfig } from "./config.ts";
import { createGateway, type Gateway } from "./gateway.ts";

/** The gateway as a module; its HTTP server is its own, so it provides no service to others. */
export const gatewayModule = {
  name: "gateway",
  config: gatewayConfig,
  provides: [],
  requires: [
    { definition: MarketServiceDefinition, from: "market", optional: false },
    { definition: AccountServiceDefinition, from: "market", optional: false },
    { definition: LogServiceDefinition, from: "poi", optional: true },
    { definition: ContributionServiceDefinition, from: "poi", optional: true },
  ],
  create: createGateway,
} satisfies ModuleDefinition<GatewayConfig>;

/** What a host gets from `gatewayModule.create`: a module that also tells its address and its first key. */
export type GatewayModule = Gateway & Module;
