import type { Address } from "@koinon/secp256k1/address";
import { systemContracts } from "../clients/system-contracts.ts";
import { signerOf } from "../sample-transactions.ts";

/** Senders with coin in the test genesis: `signerOf(0)` and so on. */
export const richCount = 64;

/** Stands for the deposit contract (EIP-6110): logs what it is called with as a deposit. */
export const depositContract: Address = "0x00000000000000000000000000000000000000dd";
const depositTopic = "649bbc62d0e31342afea4e5cd82d4049e7e1ee912fc0889aa790803be39038c5";
const logsAsDeposit = `0x365f5f377f${depositTopic}365fa100`;

/** What a test may want otherwise. */
export interface GenesisChoice {
  readonly fork?: "prague" | "osaka";
  readonly gasLimit?: bigint;
  readonly alloc?: Readonly<Record<Address, object>>;
}

/** A genesis file in geth's format with coin for test senders and the contracts that the protocol calls. */
export function testGenesis({ fork = "osaka", gasLimit = 30_000_000n, alloc = {} }: GenesisChoice = {}): string {
  const rich = Array.from({ length: richCount }, (_, index) => [
    signerOf(index).address,
    { balance: "0x21e19e0c9bab2400000" },
  ]);
  const system = Object.entries(systemContracts).map(([address, code]) => [
    address,
    { balance: "0x0", nonce: "0x1", code },
  ]);
  const blobs = { target: 6, max: 9, baseFeeUpdateFraction: 5_007_716 };
  return JSON.stringify({
    config: {
      chainId: 31_337,
      depositContractAddress: depositContract,
      homesteadBlock: 0,
      eip150Block: 0,
      eip155Block: 0,
      eip158Block: 0,
      byzantiumBlock: 0,
      constantinopleBlock: 0,
      petersburgBlock: 0,
      istanbulBlock: 0,
      berlinBlock: 0,
      londonBlock: 0,
      mergeNetsplitBlock: 0,
      terminalTotalDifficulty: 0,
      terminalTotalDifficultyPassed: true,
      shanghaiTime: 0,
      cancunTime: 0,
      pragueTime: 0,
      ...(fork === "osaka" ? { osakaTime: 0 } : {}),
      blobSchedule: {
        cancun: { target: 3, max: 6, baseFeeUpdateFraction: 3_338_477 },
        prague: blobs,
        ...(fork === "osaka" ? { osaka: blobs } : {}),
      },
    },
    timestamp: "0x65000000",
    gasLimit: `0x${gasLimit.toString(16)}`,
    baseFeePerGas: "0x3b9aca00",
    difficulty: "0x0",
    alloc: {
      ...Object.fromEntries([...rich, ...system]),
      [depositContract]: { balance: "0x0", nonce: "0x1", code: logsAsDeposit },
      ...alloc,
    },
  });
}
