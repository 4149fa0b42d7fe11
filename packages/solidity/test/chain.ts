import type { Address } from "@koinon/secp256k1/address";
import { createSigner } from "@koinon/secp256k1/ecdsa";
import type { Hex } from "@koinon/secp256k1/hex";

/** What one transaction asks for; without a recipient it creates a contract. */
export interface Request {
  readonly from: Sender;
  readonly to?: Address;
  readonly data: Hex;
}

/** What one transaction did, in the same terms on every engine. */
export interface Outcome {
  readonly succeeded: boolean;
  readonly gasUsed: bigint;
  readonly output: Hex;
  readonly logs: readonly { readonly address: Address; readonly topics: readonly Hex[]; readonly data: Hex }[];
  readonly createdAddress: Address | undefined;
}

/** An engine with one growing state; every transaction is a block. */
export interface Chain {
  send(request: Request): Promise<Outcome>;
  storage(address: Address, slot: Hex): Promise<bigint>;
}

/** An account with a key and coins. */
export interface Sender {
  readonly address: Address;
  readonly privateKey: Uint8Array;
}

/** What every chain of the tests begins with. */
export const settings = {
  chainId: 31_337n,
  fork: "prague",
  gasLimit: 30_000_000n,
  gasPrice: 10n,
  baseFeePerGas: 7n,
  startTimestamp: 1_700_000_000n,
  secondsPerBlock: 12n,
  coins: 10n ** 24n,
} as const;

/** Funded accounts. */
export const [alice, bob, carol] = [1, 2, 3].map((seed): Sender => {
  const privateKey = new Uint8Array(32).fill(seed);
  return { address: createSigner(privateKey).address, privateKey };
}) as [Sender, Sender, Sender];

/** All of them. */
export const senders: readonly Sender[] = [alice, bob, carol];
