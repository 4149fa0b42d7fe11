import { newGenesisText } from "@koinon/ethereum/new-genesis";
import type { Hex } from "@koinon/secp256k1/hex";

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
const gasLimit = 30_000_000n;

/** A genesis file in geth's format: coin for the keys, every fork up to Osaka, the base fee that a chain begins with. */
export function clientGenesis(): string {
  return newGenesisText({
    chainId: BigInt(chainId),
    gasLimit,
    timestamp: 0x65000000n,
    balances: new Map(accounts.map((address) => [address, 10_000n * 10n ** 18n])),
  });
}
