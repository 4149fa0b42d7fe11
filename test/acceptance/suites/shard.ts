import { statSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "@jest/globals";
import { testTokenAbi, testTokenBytecode } from "@koinon/solidity/artifacts/test-token";
import { waitFor } from "@koinon/testkit/wait-for";
import { createPublicClient, type Hex, parseEther, webSocket } from "viem";
import type { AllInOne, ReadyShard } from "../network/all-in-one.ts";
import { type ChainClients, chainClients, type MinedTransaction } from "../network/chain-clients.ts";
import { api } from "../network/client.ts";

const somebody = "0x00000000000000000000000000000000000000aa";
/** Transfers under way at once. */
const burst = 32;

/** The development shard that `npm start` runs, as Ethereum's tools see it. */
export function developmentShard(network: () => AllInOne): void {
  describe("the development shard", () => {
    test("is told of in the ready line and the capabilities; its key is for the owner alone", async () => {
      const { rpc, ws, chainId, devKey } = shardOf(network());
      expect(rpc).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
      expect(ws).toBe(rpc.replace("http", "ws"));
      expect(chainId).toBe(31_337);
      expect(devKey).toMatch(/^0x[0-9a-f]{64}$/);
      const keyFile = path.join(network().dataDir, "keys", "chain-development-key");
      expect(statSync(keyFile).mode & 0o777).toBe(0o600);
      const { body } = await api<object>(network(), "/v1/capabilities");
      expect(body).toMatchObject({ modules: { chain: true }, chain_rpc: rpc });
    });

    test("takes a transfer and a contract from viem, and tells of their blocks over WebSocket", async () => {
      const shard = shardOf(network());
      const { reader, wallet, account } = chainClients(shard);
      const follower = createPublicClient({ transport: webSocket(shard.ws) });
      const heads: bigint[] = [];
      const unwatch = follower.watchBlockNumber({ onBlockNumber: (number) => heads.push(number) });
      const before = await reader.getBalance({ address: somebody });
      const sent = await wallet.sendTransaction({ to: somebody, value: parseEther("1") });
      const receipt = await reader.waitForTransactionReceipt({ hash: sent });
      expect(receipt).toMatchObject({ status: "success", gasUsed: 21_000n });
      expect(await reader.getBalance({ address: somebody })).toBe(before + parseEther("1"));

      const contract = { abi: testTokenAbi, bytecode: testTokenBytecode, args: ["Token", "T"] } as const;
      const created = await wallet.deployContract(contract);
      const { contractAddress } = await reader.waitForTransactionReceipt({ hash: created });
      const address = contractAddress as Hex;
      const call = { abi: testTokenAbi, address } as const;
      const mint = { ...call, functionName: "mint", args: [account.address, 1_000n] } as const;
      const minted = await wallet.writeContract(mint);
      const { blockNumber, logs } = await reader.waitForTransactionReceipt({ hash: minted });
      expect(logs.map((log) => log.address)).toEqual([address]);
      expect(await reader.readContract({ ...call, functionName: "balanceOf", args: [account.address] })).toBe(1_000n);
      await waitFor(() => heads.includes(blockNumber), { what: "the block is told of" });
      unwatch();
      (await follower.transport.getRpcClient()).close();
    });

    test("a restart keeps the chain", async () => {
      const { reader } = chainClients(shardOf(network()));
      const head = await reader.getBlock();
      await network().restart();
      const again = chainClients(shardOf(network()));
      expect((await again.reader.getBlock()).hash).toBe(head.hash);
      expect((await again.reader.getBlock({ blockTag: "finalized" })).hash).toBe(head.hash);
      expect((await mine(again)).blockHash).toMatch(/^0x/);
    });

    test("kill -9 of its process under load loses no transaction that was in a block", async () => {
      const shard = shardOf(network());
      const { reader } = chainClients(shard);
      const mined: MinedTransaction[] = [];
      for (let round = 0; round < 3; round += 1) {
        const load = startLoad(shard, mined);
        const goal = mined.length + burst + 10 * round;
        await waitFor(() => mined.length >= goal, { deadlineMs: 60_000, what: "transactions before the kill" });
        await network().kill("chain");
        await network().recover();
        const resumed = mined.length + 3;
        await waitFor(() => mined.length >= resumed, { deadlineMs: 60_000, what: "transactions after the kill" });
        await load.stop();
      }
      for (const { hash, blockHash } of mined) {
        const receipt = await reader.getTransactionReceipt({ hash });
        expect([hash, receipt.blockHash]).toEqual([hash, blockHash]);
      }
    }, 120_000);
  });
}

function shardOf(network: AllInOne): ReadyShard {
  if (network.shard === undefined) throw new Error("the ready line tells of no shard");
  return network.shard;
}

async function mine({ wallet, reader }: ChainClients): Promise<MinedTransaction> {
  const hash = await wallet.sendTransaction({ to: somebody, value: 1n });
  const { blockHash } = await reader.waitForTransactionReceipt({ hash, timeout: 60_000 });
  return { hash, blockHash };
}

/** Sends transfers, many at a time, until it is stopped; failures are expected while the process is down. */
function startLoad(shard: ReadyShard, mined: MinedTransaction[]): { stop(): Promise<void> } {
  let running = true;
  const clients = chainClients(shard);
  const done = (async () => {
    while (running) {
      try {
        mined.push(...(await mineMany(clients)));
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  })();
  return {
    async stop() {
      running = false;
      await done;
    },
  };
}

/** Answers those of a burst of transfers whose receipts arrived. */
async function mineMany({ wallet, reader, account }: ChainClients): Promise<MinedTransaction[]> {
  const first = await reader.getTransactionCount({ address: account.address, blockTag: "pending" });
  const fees = { gas: 21_000n, maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 10n ** 9n };
  const outcomes = await Promise.allSettled(
    Array.from({ length: burst }, async (_, index) => {
      const hash = await wallet.sendTransaction({ ...fees, to: somebody, value: 1n, nonce: first + index });
      const { blockHash } = await reader.waitForTransactionReceipt({ hash, timeout: 10_000 });
      return { hash, blockHash };
    }),
  );
  return outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
}
