import { testTokenAbi, testTokenBytecode } from "@koinon/solidity/artifacts/test-token";
import { waitFor } from "@koinon/testkit/wait-for";
import { createHardhatRuntimeEnvironment } from "hardhat/hre";
import type { EthereumProvider } from "hardhat/types/providers";
import { encodeDeployData, encodeFunctionData, type Hex } from "viem";
import { accounts, chainId, keys } from "../genesis.ts";
import type { Observations, Target } from "../target.ts";

const fees = { maxFeePerGas: "0x4a817c800", maxPriorityFeePerGas: "0x3b9aca00" };

interface Receipt {
  readonly status: Hex;
  readonly gasUsed: Hex;
  readonly effectiveGasPrice: Hex;
  readonly contractAddress: Hex | null;
  readonly logs: readonly { address: Hex; topics: readonly Hex[]; data: Hex }[];
}

/** Hardhat's network connection with an account that it signs for: it fills in, signs and sends by the node's answers. */
export async function runHardhat(target: Target, seen: Observations): Promise<void> {
  const network = { type: "http" as const, url: target.http, accounts: [keys[0] as string], chainId };
  const hardhat = await createHardhatRuntimeEnvironment({ networks: { shard: network } });
  const connection = await hardhat.network.create("shard");
  const { provider } = connection;
  try {
    const data = encodeDeployData({ abi: testTokenAbi, bytecode: testTokenBytecode, args: ["Token", "T"] });
    const created = await send(provider, { data });
    seen.see("deployed", created);
    const token = created.contractAddress as Hex;
    const mint = encodeFunctionData({ abi: testTokenAbi, functionName: "mint", args: [accounts[0], 1_000n] });
    seen.see("mint", await send(provider, { to: token, data: mint }));
    const transfer = encodeFunctionData({ abi: testTokenAbi, functionName: "transfer", args: [accounts[1], 7n] });
    seen.see("transfer", await send(provider, { to: token, data: transfer }));
    const balanceOf = encodeFunctionData({ abi: testTokenAbi, functionName: "balanceOf", args: [accounts[1]] });
    seen.see(
      "balance",
      await provider.request({ method: "eth_call", params: [{ to: token, data: balanceOf }, "latest"] }),
    );
    const excess = encodeFunctionData({ abi: testTokenAbi, functionName: "transfer", args: [accounts[1], 10n ** 30n] });
    await seen.seeFailure("reverts", () => send(provider, { to: token, data: excess }), codeOf);
    seen.see("accounts", await provider.request({ method: "eth_accounts" }));
  } finally {
    await connection.close();
  }
}

async function send(provider: EthereumProvider, transaction: { to?: Hex; data: Hex }): Promise<Receipt> {
  const params = [{ from: accounts[0], ...transaction, ...fees }];
  const hash = await provider.request({ method: "eth_sendTransaction", params });
  const receipt = await waitFor(async () => {
    return (await provider.request({ method: "eth_getTransactionReceipt", params: [hash] })) as Receipt | null;
  });
  const { status, gasUsed, effectiveGasPrice, contractAddress } = receipt;
  const logs = receipt.logs.map(({ address, topics, data }) => ({ address, topics, data }));
  return { status, gasUsed, effectiveGasPrice, contractAddress, logs };
}

function codeOf(error: unknown): unknown {
  return { code: (error as { code?: number }).code };
}
