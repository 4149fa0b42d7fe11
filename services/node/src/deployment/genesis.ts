import { newGenesisText } from "@koinon/ethereum/new-genesis";
import type { Clock } from "@koinon/runtime/clock";
import type { Random } from "@koinon/runtime/random";
import type { Address } from "@koinon/secp256k1/address";
import { bytesToHex } from "@koinon/secp256k1/hex";
import { checkpointRegistryDeployedBytecode } from "@koinon/solidity/artifacts/checkpoint-registry";
import { developmentChain } from "../laptop/development-chain.ts";

/** Ethereum's own at the time of Osaka. */
const gasLimit = 60_000_000n;
/** Wei for whoever anchors the log: a thousand coins, at 100,000 gas of 2 gwei for five million anchors. */
const anchorFunds = 10n ** 21n;

/**
 * The genesis file of a deployment's own chain, under the chain id of the receipts' signing domain: the checkpoint registry stands
 * in it where development chains have theirs, and whoever anchors is the only one with coin.
 */
export function deploymentGenesisText(anchorer: Address, { clock, random }: { clock: Clock; random: Random }): string {
  const { chainId, registry } = developmentChain;
  return newGenesisText({
    ...{ chainId, gasLimit, timestamp: BigInt(Math.floor(clock.now() / 1000)) },
    balances: new Map([[anchorer, anchorFunds]]),
    contracts: new Map([[registry, checkpointRegistryDeployedBytecode]]),
    prevRandao: bytesToHex(random.bytes(32)),
  });
}
