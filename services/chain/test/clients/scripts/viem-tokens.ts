import { testCollectibleAbi, testCollectibleBytecode } from "@koinon/solidity/artifacts/test-collectible";
import { testPairAbi, testPairBytecode } from "@koinon/solidity/artifacts/test-pair";
import { testTokenAbi, testTokenBytecode } from "@koinon/solidity/artifacts/test-token";
import { testVaultAbi, testVaultBytecode } from "@koinon/solidity/artifacts/test-vault";
import { BaseError, ContractFunctionRevertedError, parseEventLogs } from "viem";
import type { Observations } from "../target.ts";
import { fees, type ViemClients } from "./viem-clients.ts";

const unit = 10n ** 18n;

/** OpenZeppelin's tokens and a pair: deployed, called, failing. */
export async function runTokens(clients: ViemClients, seen: Observations): Promise<void> {
  const tokenA = await deployToken(clients, seen, "Token A", "A");
  const tokenB = await deployToken(clients, seen, "Token B", "B");
  await useToken(clients, seen, tokenA);
  await useCollectible(clients, seen);
  await useVault(clients, seen, tokenA);
  await usePair(clients, seen, tokenA, tokenB);
}

type Address = `0x${string}`;

async function deployToken(clients: ViemClients, seen: Observations, name: string, symbol: string): Promise<Address> {
  const hash = await clients.wallet.deployContract({
    abi: testTokenAbi,
    bytecode: testTokenBytecode,
    args: [name, symbol],
    ...fees,
  });
  return clients.deployed(seen, `deploy ${name}`, hash);
}

async function useToken(clients: ViemClients, seen: Observations, address: Address): Promise<void> {
  const { reader, wallet, me, other } = clients;
  const token = { address, abi: testTokenAbi } as const;
  const write = (step: string, functionName: "mint" | "transfer" | "approve", args: readonly [Address, bigint]) =>
    clients.mined(seen, step, wallet.writeContract({ ...token, functionName, args, ...fees }));
  await write("mint", "mint", [me, 1_000_000n * unit]);
  await write("transfer", "transfer", [other, 5n * unit]);
  await write("transfer again", "transfer", [other, 5n * unit]);
  await write("approve", "approve", [other, 7n]);
  seen.see("token reads", {
    name: await reader.readContract({ ...token, functionName: "name" }),
    decimals: await reader.readContract({ ...token, functionName: "decimals" }),
    supply: await reader.readContract({ ...token, functionName: "totalSupply" }),
    balance: await reader.readContract({ ...token, functionName: "balanceOf", args: [other] }),
    allowance: await reader.readContract({ ...token, functionName: "allowance", args: [me, other] }),
    domain: await reader.readContract({ ...token, functionName: "DOMAIN_SEPARATOR" }),
    code: (await reader.getCode({ address }))?.length,
    slot: await reader.getStorageAt({ address, slot: "0x2" }),
  });
  const events = await reader.getContractEvents({
    ...token,
    eventName: "Transfer",
    fromBlock: 0n,
    args: { to: other },
  });
  seen.see(
    "transfers to other",
    events.map(({ args, logIndex, blockNumber, topics }) => ({ args, logIndex, blockNumber, topics })),
  );
  await seen.seeFailure(
    "transfer of too much, simulated",
    () => reader.simulateContract({ ...token, functionName: "transfer", args: [me, 1n], account: clients.poor }),
    revertedBy,
  );
  await seen.seeFailure(
    "transfer of too much, estimated",
    () => reader.estimateContractGas({ ...token, functionName: "transfer", args: [me, 1n], account: clients.poor }),
    revertedBy,
  );
  // With gas named, nobody estimates, and the failure is mined.
  const failing = { ...token, functionName: "transfer", args: [me, 10n ** 30n], gas: 200_000n, ...fees } as const;
  await clients.mined(seen, "transfer of too much, mined", wallet.writeContract(failing));
}

async function useCollectible(clients: ViemClients, seen: Observations): Promise<void> {
  const { reader, wallet, me, other } = clients;
  const hash = await wallet.deployContract({ abi: testCollectibleAbi, bytecode: testCollectibleBytecode, ...fees });
  const address = await clients.deployed(seen, "deploy collectible", hash);
  const collectible = { address, abi: testCollectibleAbi } as const;
  const minted = wallet.writeContract({ ...collectible, functionName: "mint", args: [me], ...fees });
  const receipt = await clients.mined(seen, "mint collectible", minted);
  const [event] = parseEventLogs({ abi: testCollectibleAbi, logs: receipt.logs, eventName: "Transfer" });
  seen.see("minted id", event?.args);
  const moved = { ...collectible, functionName: "transferFrom", args: [me, other, 1n], ...fees } as const;
  await clients.mined(seen, "move collectible", wallet.writeContract(moved));
  seen.see("collectible reads", {
    owner: await reader.readContract({ ...collectible, functionName: "ownerOf", args: [1n] }),
    uri: await reader.readContract({ ...collectible, functionName: "tokenURI", args: [1n] }),
  });
  const missing = { ...collectible, functionName: "ownerOf", args: [9n] } as const;
  await seen.seeFailure("owner of nothing", () => reader.readContract(missing), revertedBy);
}

async function useVault(clients: ViemClients, seen: Observations, token: Address): Promise<void> {
  const { reader, wallet, me } = clients;
  const hash = await wallet.deployContract({ abi: testVaultAbi, bytecode: testVaultBytecode, args: [token], ...fees });
  const address = await clients.deployed(seen, "deploy vault", hash);
  const vault = { address, abi: testVaultAbi } as const;
  const allowed = { address: token, abi: testTokenAbi, functionName: "approve", args: [address, 100n * unit] } as const;
  await clients.mined(seen, "approve vault", wallet.writeContract({ ...allowed, ...fees }));
  const deposit = { ...vault, functionName: "deposit", args: [100n * unit, me], ...fees } as const;
  await clients.mined(seen, "deposit", wallet.writeContract(deposit));
  seen.see("shares", await reader.readContract({ ...vault, functionName: "convertToShares", args: [3n * unit] }));
  const withdraw = { ...vault, functionName: "withdraw", args: [40n * unit, me, me], ...fees } as const;
  await clients.mined(seen, "withdraw", wallet.writeContract(withdraw));
  const tooMuch = { ...vault, functionName: "withdraw", args: [999n * unit, me, me], account: me } as const;
  await seen.seeFailure("withdraw too much", () => reader.simulateContract(tooMuch), revertedBy);
}

async function usePair(clients: ViemClients, seen: Observations, a: Address, b: Address): Promise<void> {
  const { reader, wallet, me } = clients;
  const hash = await wallet.deployContract({ abi: testPairAbi, bytecode: testPairBytecode, args: [a, b], ...fees });
  const address = await clients.deployed(seen, "deploy pair", hash);
  const pair = { address, abi: testPairAbi } as const;
  for (const token of [a, b]) {
    const coin = { address: token, abi: testTokenAbi } as const;
    for (const owner of [address, me]) {
      const mint = { ...coin, functionName: "mint", args: [owner, 1_000n * unit], ...fees } as const;
      await clients.mined(seen, "fund pair", wallet.writeContract(mint));
    }
    const approve = { ...coin, functionName: "approve", args: [address, 2n ** 256n - 1n], ...fees } as const;
    await clients.mined(seen, "approve pair", wallet.writeContract(approve));
  }
  await clients.mined(
    seen,
    "add liquidity",
    wallet.writeContract({ ...pair, functionName: "mint", args: [me], ...fees }),
  );
  for (const zeroForOne of [true, false, true]) {
    const swap = { ...pair, functionName: "swapExactInput", args: [zeroForOne, unit, 1n, me], ...fees } as const;
    await clients.mined(seen, `swap ${zeroForOne}`, wallet.writeContract({ ...swap, gas: 300_000n }));
  }
  const [reserve0, reserve1] = await reader.readContract({ ...pair, functionName: "getReserves" });
  seen.see("reserves", { reserve0, reserve1 });
  const nothing = { ...pair, functionName: "swap", args: [0n, 0n, me], account: me } as const;
  await seen.seeFailure("swap for nothing", () => reader.simulateContract(nothing), revertedBy);
}

/** The contract's own error, by name and arguments. */
function revertedBy(error: unknown): unknown {
  const reverted =
    error instanceof BaseError ? error.walk((cause) => cause instanceof ContractFunctionRevertedError) : null;
  if (!(reverted instanceof ContractFunctionRevertedError)) return { error: String(error).slice(0, 300) };
  return { name: reverted.data?.errorName ?? reverted.reason, args: reverted.data?.args };
}
