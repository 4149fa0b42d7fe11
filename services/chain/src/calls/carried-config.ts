import type { ChainConfig } from "@koinon/ethereum/chain-config";
import { type ForkActivation, ForkSchedule } from "@koinon/ethereum/fork-schedule";
import type { Address } from "@koinon/secp256k1/address";

/** The rules of a chain in a form that can be copied from thread to thread. */
export interface CarriedConfig {
  readonly chainId: bigint;
  readonly activations: readonly ForkActivation[];
  readonly depositContractAddress: Address;
}

export function carryConfig({ chainId, forks, depositContractAddress }: ChainConfig): CarriedConfig {
  return { chainId, activations: forks.activations, depositContractAddress };
}

export function restoreConfig({ chainId, activations, depositContractAddress }: CarriedConfig): ChainConfig {
  return { chainId, forks: new ForkSchedule(activations), depositContractAddress };
}
