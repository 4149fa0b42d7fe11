import type { Hex } from "@koinon/secp256k1/hex";
import { systemContracts } from "./system-contracts.ts";

/** Keys of the clients; they own all coin of the chain that the clients are run against, and nothing anywhere else. */
export const keys: readonly Hex[] = [1, 2, 3].map((digit) => `0x${String(digit).repeat(64)}` as const);

/** Their addresses. */
export const accounts = [
  "0x19e7e376e7c213b7e7e7e46cc70a5dd086daff2a",
  "0x1563915e194d8cfba1943570603f7606a3115508",
  "0x5cbdd86a2fa8dc4bddd8a8f69dba48572eec07fb",
] as const satisfies readonly Hex[];

/** The chain id of both sides of a comparison. */
export const chainId = 31_337;

/** The rules of both sides. */
export const hardfork = "osaka";

/** Gas of a block. */
const gasLimit = 30_000_000;

/** A genesis file in geth's format: coin for the keys, every fork up to Osaka, the base fee that a chain begins with. */
export function clientGenesis(): string {
  return JSON.stringify({
    config: {
      chainId,
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
      osakaTime: 0,
      blobSchedule: {
        cancun: { target: 3, max: 6, baseFeeUpdateFraction: 3_338_477 },
        prague: { target: 6, max: 9, baseFeeUpdateFraction: 5_007_716 },
        osaka: { target: 6, max: 9, baseFeeUpdateFraction: 5_007_716 },
      },
    },
    timestamp: "0x65000000",
    gasLimit: `0x${gasLimit.toString(16)}`,
    baseFeePerGas: "0x3b9aca00",
    difficulty: "0x0",
    alloc: {
      ...Object.fromEntries(accounts.map((address) => [address, { balance: "0x21e19e0c9bab2400000" }])),
      ...Object.fromEntries(
        Object.entries(systemContracts).map(([address, code]) => [address, { balance: "0x0", nonce: "0x1", code }]),
      ),
    },
  });
}
