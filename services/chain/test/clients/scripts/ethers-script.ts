import { testTokenAbi, testTokenBytecode } from "@koinon/solidity/artifacts/test-token";
import { waitFor } from "@koinon/testkit/wait-for";
import {
  type BaseContract,
  Contract,
  ContractFactory,
  type ContractTransactionResponse,
  EventLog,
  isError,
  JsonRpcProvider,
  parseEther,
  type TransactionReceipt,
  type TransactionResponse,
  Wallet,
  WebSocketProvider,
} from "ethers";
import { keys } from "../genesis.ts";
import type { Observations, Target } from "../target.ts";

const fees = { maxFeePerGas: 20_000_000_000n, maxPriorityFeePerGas: 1_000_000_000n };

/** ethers 6: deploy, call, events, errors, polling and WebSocket. */
export async function runEthers(target: Target, seen: Observations): Promise<void> {
  const provider = new JsonRpcProvider(target.http, undefined, {
    polling: true,
    pollingInterval: 25,
    cacheTimeout: -1,
  });
  const wallet = new Wallet(keys[0] as string, provider);
  const other = new Wallet(keys[1] as string, provider);
  try {
    seen.see("network", { chainId: (await provider.getNetwork()).chainId, nonce: await wallet.getNonce() });
    const token = await deploy(wallet, seen);
    await useToken(token, { wallet, other }, seen);
    await sendCoin(provider, { wallet, other }, seen);
    await listen(target, token, other, seen);
  } finally {
    provider.destroy();
  }
}

interface Wallets {
  readonly wallet: Wallet;
  readonly other: Wallet;
}

async function deploy(wallet: Wallet, seen: Observations): Promise<Contract> {
  const factory = new ContractFactory([...testTokenAbi], testTokenBytecode, wallet);
  const deployed: BaseContract = await factory.deploy("Token", "T", fees);
  await deployed.waitForDeployment();
  const receipt = await (deployed.deploymentTransaction() as ContractTransactionResponse).wait();
  const address = await deployed.getAddress();
  seen.see("deployed", { address, receipt: comparable(receipt), code: (await deployed.getDeployedCode())?.length });
  return new Contract(address, [...testTokenAbi], wallet);
}

async function useToken(token: Contract, { wallet, other }: Wallets, seen: Observations): Promise<void> {
  seen.see("mint", comparable(await mined(token.getFunction("mint").send(wallet.address, 1_000n, fees))));
  seen.see("transfer", comparable(await mined(token.getFunction("transfer").send(other.address, 10n, fees))));
  seen.see("balance", await token.getFunction("balanceOf").staticCall(other.address));
  seen.see("gas", await token.getFunction("transfer").estimateGas(other.address, 1n));
  const events = await token.queryFilter(token.getEvent("Transfer"), 0);
  seen.see(
    "events",
    events.map((event) => (event instanceof EventLog ? event.args.toArray() : event.topics)),
  );
  const excess = token.getFunction("transfer");
  await seen.seeFailure("static call reverts", () => excess.staticCall(other.address, 10n ** 30n), revertOf);
  await seen.seeFailure("sending reverts", () => excess.send(other.address, 10n ** 30n, fees), revertOf);
  await seen.seeFailure(
    "mined failure",
    () => mined(excess.send(other.address, 10n ** 30n, { ...fees, gasLimit: 100_000n })),
    (error) => (isError(error, "CALL_EXCEPTION") ? { code: error.code, status: error.receipt?.status } : String(error)),
  );
}

async function sendCoin(provider: JsonRpcProvider, { wallet, other }: Wallets, seen: Observations): Promise<void> {
  const value = parseEther("0.25");
  for (const type of [0, 1, 2]) {
    const price = type === 2 ? fees : { gasPrice: 20_000_000_000n };
    const sent = await wallet.sendTransaction({ to: other.address, value, type, ...price });
    seen.see(`transaction of type ${type}`, comparable(await mined(Promise.resolve(sent))));
    const found = await provider.getTransaction(sent.hash);
    seen.see("found", { ...found?.toJSON(), blockHash: undefined, blockNumber: found?.blockNumber });
  }
  const block = await provider.getBlock("latest", true);
  seen.see("block", { number: block?.number, transactions: block?.transactions, base: block?.baseFeePerGas });
  seen.see("storage and counts", {
    count: await provider.getTransactionCount(wallet.address, "pending"),
    balance: await provider.getBalance(other.address, "latest"),
    unknown: await provider.getTransactionReceipt(`0x${"12".repeat(32)}`),
  });
  const broke = Wallet.createRandom(provider);
  await seen.seeFailure(
    "no funds",
    () => broke.sendTransaction({ to: other.address, value: 1n, gasLimit: 21_000n, ...fees }),
    codeOf,
  );
  await seen.seeFailure(
    "old nonce",
    () => wallet.sendTransaction({ to: other.address, nonce: 0, gasLimit: 21_000n, ...fees }),
    codeOf,
  );
}

async function listen(target: Target, token: Contract, other: Wallet, seen: Observations): Promise<void> {
  const socket = new WebSocketProvider(target.ws);
  const watched = new Contract(await token.getAddress(), [...testTokenAbi], socket);
  const amounts: bigint[] = [];
  const blocks: number[] = [];
  await watched.on("Transfer", (_from: string, _to: string, amount: bigint) => void amounts.push(amount));
  await socket.on("block", (number: number) => void blocks.push(number));
  // Answered behind the subscriptions, on the same connection.
  await socket.getBlockNumber();
  await mined(token.getFunction("transfer").send(other.address, 77n, fees));
  await waitFor(() => amounts.length > 0 && blocks.length > 0);
  seen.see("heard", amounts);
  await socket.destroy();
}

async function mined(sent: Promise<TransactionResponse>): Promise<TransactionReceipt | null> {
  return (await sent).wait(1, 10_000);
}

function comparable(receipt: TransactionReceipt | null): unknown {
  if (receipt === null) return null;
  const { hash, from, to, contractAddress, gasUsed, cumulativeGasUsed, gasPrice, status, type, blockNumber } = receipt;
  const logs = receipt.logs.map(({ address, topics, data, index }) => ({ address, topics, data, index }));
  return { hash, from, to, contractAddress, gasUsed, cumulativeGasUsed, gasPrice, status, type, blockNumber, logs };
}

function revertOf(error: unknown): unknown {
  return isError(error, "CALL_EXCEPTION")
    ? { name: error.revert?.name, args: [...(error.revert?.args ?? [])] }
    : String(error);
}

function codeOf(error: unknown): unknown {
  return (error as { code?: string }).code;
}
