import {
  type Chain,
  createPublicClient,
  createWalletClient,
  defineChain,
  type Hash,
  type Hex,
  http,
  type PublicClient,
  type TransactionReceipt,
  type Transport,
  type WalletClient,
} from "viem";
import { type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import { chainId, keys } from "../genesis.ts";
import type { Observations, Target } from "../target.ts";

/** Named, because two nodes may suggest different ones; then the transactions, and their hashes, are the same. */
export const fees = { maxFeePerGas: 20_000_000_000n, maxPriorityFeePerGas: 1_000_000_000n } as const;

/** The chain, as viem knows chains. */
export function defineTestChain({ http: url, ws }: Target): Chain {
  return defineChain({
    id: chainId,
    name: "shard",
    nativeCurrency: { name: "Coin", symbol: "COIN", decimals: 18 },
    rpcUrls: { default: { http: [url], webSocket: [ws] } },
  });
}

/** viem on a node: who reads, who sends, and how to note what came of it. */
export class ViemClients {
  readonly account: PrivateKeyAccount = privateKeyToAccount(keys[0] as Hex);
  readonly other = privateKeyToAccount(keys[1] as Hex).address;
  /** Somebody without anything. */
  readonly poor = "0x00000000000000000000000000000000000beef0" as const;
  readonly reader: PublicClient;
  readonly wallet: WalletClient<Transport, Chain, PrivateKeyAccount>;

  constructor(target: Target) {
    const chain = defineTestChain(target);
    const transport = http(target.http);
    this.reader = createPublicClient({ chain, transport, pollingInterval: 25, cacheTime: 0 });
    this.wallet = createWalletClient({ chain, transport, account: this.account, pollingInterval: 25 });
  }

  get me(): Hex {
    return this.account.address;
  }

  /** Waits for a transaction and notes its receipt, without what depends on the time. */
  async mined(seen: Observations, step: string, sent: Promise<Hash>): Promise<TransactionReceipt> {
    const receipt = await this.reader.waitForTransactionReceipt({ hash: await sent });
    seen.see(step, comparableReceipt(receipt));
    return receipt;
  }

  /** Likewise for a deployment; answers the address. */
  async deployed(seen: Observations, step: string, hash: Hash): Promise<Hex> {
    const { contractAddress } = await this.mined(seen, step, Promise.resolve(hash));
    if (!contractAddress) throw new Error(`${step}: the receipt names no contract`);
    return contractAddress;
  }
}

/** Without what depends on the time, and what anvil adds. */
function comparableReceipt({ logs, ...receipt }: TransactionReceipt): unknown {
  return {
    ...receipt,
    ...{ blockHash: undefined, blobGasPrice: undefined, blobGasUsed: undefined, blockTimestamp: undefined },
    logs: logs.map(({ address, topics, data, logIndex }) => ({ address, topics, data, logIndex })),
  };
}
