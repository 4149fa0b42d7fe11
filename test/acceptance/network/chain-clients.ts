import {
  type Chain,
  createPublicClient,
  createWalletClient,
  defineChain,
  type Hex,
  http,
  type PublicClient,
  type Transport,
  type WalletClient,
} from "viem";
import { type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import type { ReadyShard } from "./all-in-one.ts";

/** viem's clients of a shard: reading, and writing with the development key. */
export interface ChainClients {
  readonly account: PrivateKeyAccount;
  readonly reader: PublicClient<Transport, Chain>;
  readonly wallet: WalletClient<Transport, Chain, PrivateKeyAccount>;
}

/** Makes the clients. */
export function chainClients({ rpc, chainId, devKey }: ReadyShard): ChainClients {
  const chain: Chain = defineChain({
    id: chainId,
    name: "development",
    nativeCurrency: { name: "Coin", symbol: "COIN", decimals: 18 },
    rpcUrls: { default: { http: [rpc] } },
  });
  const account = privateKeyToAccount(devKey);
  // No retries: a failure is to be seen.
  const transport = http(rpc, { retryCount: 0 });
  const reader = createPublicClient({ chain, transport, pollingInterval: 50 });
  const wallet = createWalletClient({ account, chain, transport });
  return { account, reader, wallet };
}

/** A transaction that a client was told is in a block. */
export interface MinedTransaction {
  readonly hash: Hex;
  readonly blockHash: Hex;
}
