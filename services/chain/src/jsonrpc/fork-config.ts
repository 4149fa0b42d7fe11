import { crc32 } from "node:zlib";
import type { ChainConfig } from "@koinon/ethereum/chain-config";
import { type Fork, isActive } from "@koinon/ethereum/fork";
import type { ForkActivation, ForkSchedule } from "@koinon/ethereum/fork-schedule";
import { systemContracts } from "@koinon/evm/system-calls";
import { precompiles } from "@koinon/precompiles/precompiles";
import type { Address } from "@koinon/secp256k1/address";
import { type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import { quantity } from "./codec/quantity.ts";

/** Names that EIP-7910 and the EIPs behind it have for precompiled contracts, by address from 1 on. */
const precompileNames = [
  ...["ECREC", "SHA256", "RIPEMD160", "ID", "MODEXP", "BN254_ADD", "BN254_MUL", "BN254_PAIRING", "BLAKE2F"],
  ...["KZG_POINT_EVALUATION", "BLS12_G1ADD", "BLS12_G1MSM", "BLS12_G2ADD", "BLS12_G2MSM", "BLS12_PAIRING_CHECK"],
  ...["BLS12_MAP_FP_TO_G1", "BLS12_MAP_FP2_TO_G2"],
];
/** EIP-7951. */
const p256VerifyAddress = 0x100;

/** What holds under a fork (EIP-7910); members in alphabetical order, which is the canonical one. */
export interface ForkConfig {
  /** Seconds since the epoch; 0 for what holds from genesis on. */
  readonly activationTime: number;
  readonly blobSchedule: { readonly baseFeeUpdateFraction: number; readonly max: number; readonly target: number };
  readonly chainId: Hex;
  readonly forkId: Hex;
  readonly precompiles: Readonly<Record<string, Address>>;
  readonly systemContracts: Readonly<Record<string, Address>>;
}

/** What holds, what comes next, and what comes last as far as is known; the latter two null when nothing is to come. */
export interface ForkConfigs {
  readonly current: ForkConfig;
  readonly next: ForkConfig | null;
  readonly last: ForkConfig | null;
}

/** The block that a chain begins with. */
export interface ChainStart {
  readonly hash: Hex;
  /** Seconds since the epoch. */
  readonly timestamp: bigint;
}

/** The answer of eth_config after a block with this time (EIP-7910). */
export function forkConfigs(config: ChainConfig, genesis: ChainStart, timestamp: bigint): ForkConfigs {
  const { activations } = config.forks;
  const following = activations.find((activation) => activation.timestamp > timestamp);
  const at = (time: bigint): ForkConfig => forkConfig(config, genesis, activeAt(config.forks, time));
  return {
    current: at(timestamp),
    next: following === undefined ? null : at(following.timestamp),
    last: following === undefined ? null : at(activations.at(-1)?.timestamp ?? following.timestamp),
  };
}

/** The hash of EIP-2124, with the times of EIP-6122, of a chain on which everything up to a time has come into force. */
export function forkHash(forks: ForkSchedule, genesis: ChainStart, timestamp: bigint): Hex {
  let sum = crc32(hexToBytes(genesis.hash));
  for (const time of new Set(forks.activations.map((activation) => activation.timestamp))) {
    // What holds from the first block on is part of its hash already.
    if (time > genesis.timestamp && time <= timestamp) sum = crc32(bigEndian(time), sum);
  }
  return `0x${sum.toString(16).padStart(8, "0")}`;
}

function activeAt({ activations }: ForkSchedule, timestamp: bigint): ForkActivation {
  return (activations.findLast((activation) => activation.timestamp <= timestamp) ?? activations[0]) as ForkActivation;
}

function forkConfig(
  { chainId, forks, depositContractAddress }: ChainConfig,
  genesis: ChainStart,
  { fork, timestamp, blobs }: ForkActivation,
): ForkConfig {
  const { baseFeeUpdateFraction, max, target } = blobs;
  return {
    activationTime: timestamp > genesis.timestamp ? Number(timestamp) : 0,
    blobSchedule: { baseFeeUpdateFraction: Number(baseFeeUpdateFraction), max, target },
    chainId: quantity(chainId),
    forkId: forkHash(forks, genesis, timestamp),
    precompiles: sorted([...precompiles(fork).keys()].map((address) => [precompileName(address), address])),
    systemContracts: sorted(systemContractsOf(fork, depositContractAddress)),
  };
}

function precompileName(address: Address): string {
  const number = Number(address);
  const name = number === p256VerifyAddress ? "P256VERIFY" : precompileNames[number - 1];
  return name ?? address;
}

function systemContractsOf(fork: Fork, depositContract: Address): [string, Address][] {
  const { beaconRoots, history, withdrawalRequests, consolidationRequests } = systemContracts;
  const contracts: [string, Address][] = [["BEACON_ROOTS_ADDRESS", beaconRoots]];
  if (!isActive(fork, "prague")) return contracts;
  return [
    ...contracts,
    ["CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS", consolidationRequests],
    ["DEPOSIT_CONTRACT_ADDRESS", depositContract],
    ["HISTORY_STORAGE_ADDRESS", history],
    ["WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS", withdrawalRequests],
  ];
}

function sorted(entries: [string, Address][]): Record<string, Address> {
  return Object.fromEntries(entries.sort(([first], [second]) => (first < second ? -1 : 1)));
}

function bigEndian(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value);
  return bytes;
}
