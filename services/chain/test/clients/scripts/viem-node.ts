import { testTokenAbi, testTokenBytecode } from "@koinon/solidity/artifacts/test-token";
import { waitFor } from "@koinon/testkit/wait-for";
import { createPublicClient, encodeFunctionData, type Hash, type Hex, parseEther, toHex, webSocket } from "viem";
import { keys } from "../genesis.ts";
import type { Observations, Target } from "../target.ts";
import { defineTestChain, fees, ViemClients } from "./viem-clients.ts";

/** What a node says about its chain, and what it does for a client besides contracts. */
export async function runNode(target: Target, seen: Observations): Promise<void> {
  const clients = new ViemClients(target);
  const token = await deploy(clients, seen);
  await readChain(clients, seen, token);
  await executeWithoutTrace(clients, seen, token);
  await pollFilters(clients, seen, token);
  await subscribe(target, clients, seen, token);
  await delegate(clients, seen, token);
  await readFees(clients, seen);
}

async function deploy(clients: ViemClients, seen: Observations): Promise<Hex> {
  const deployment = { abi: testTokenAbi, bytecode: testTokenBytecode, args: ["Token", "T"], ...fees } as const;
  const token = await clients.deployed(seen, "deploy", await clients.wallet.deployContract(deployment));
  const mint = {
    address: token,
    abi: testTokenAbi,
    functionName: "mint",
    args: [clients.me, 1_000n],
    ...fees,
  } as const;
  await clients.mined(seen, "mint", clients.wallet.writeContract(mint));
  return token;
}

async function readChain({ reader, wallet, me, other, ...clients }: ViemClients, seen: Observations, token: Hex) {
  const value = parseEther("1.5");
  const hash = await wallet.sendTransaction({ to: other, value, gas: 21_000n, ...fees });
  const receipt = await reader.waitForTransactionReceipt({ hash });
  const { blockHash: _hash, ...transaction } = await reader.getTransaction({ hash });
  // anvil says nothing of the block's time there.
  seen.see("transaction", { ...transaction, blockTimestamp: undefined });
  const block = await reader.getBlock({ blockNumber: receipt.blockNumber, includeTransactions: true });
  const { number, gasUsed, gasLimit, baseFeePerGas, transactionsRoot, receiptsRoot, logsBloom, size } = block;
  seen.see("block", { number, gasUsed, gasLimit, baseFeePerGas, transactionsRoot, receiptsRoot, logsBloom });
  seen.see("block has a size", size > 500n);
  seen.see(
    "transactions in block",
    block.transactions.map((each) => each.hash),
  );
  const byHash = await reader.getBlock({ blockHash: receipt.blockHash });
  seen.see("block by hash", { number: byHash.number, transactions: byHash.transactions });
  seen.see("counts", {
    inBlock: await reader.getBlockTransactionCount({ blockNumber: receipt.blockNumber }),
    byIndex: (await reader.getTransaction({ blockNumber: receipt.blockNumber, index: 0 })).hash,
    nonce: await reader.getTransactionCount({ address: me }),
    pendingNonce: await reader.getTransactionCount({ address: me, blockTag: "pending" }),
    earlierNonce: await reader.getTransactionCount({ address: me, blockNumber: 1n }),
  });
  seen.see("balances", {
    other: await reader.getBalance({ address: other }),
    before: await reader.getBalance({ address: other, blockNumber: receipt.blockNumber - 1n }),
    chain: await reader.getChainId(),
    height: await reader.getBlockNumber(),
    finalized: (await reader.getBlock({ blockTag: "finalized" })).number !== null,
  });
  const receipts = await reader.request({ method: "eth_getBlockReceipts" as never, params: [toHex(number)] as never });
  seen.see(
    "block receipts",
    (receipts as { gasUsed: Hex }[]).map(({ gasUsed: used }) => used),
  );
  const proof = await reader.getProof({
    address: token,
    storageKeys: [toHex(2, { size: 32 }), toHex(77, { size: 32 })],
  });
  const storage = proof.storageProof.map(({ key, value: word, proof: nodes }) => ({ key, word, nodes }));
  seen.see("proof", { storageHash: proof.storageHash, codeHash: proof.codeHash, nonce: proof.nonce, storage });
  await seen.seeFailure("unknown transaction", () => reader.getTransaction({ hash: `0x${"12".repeat(32)}` }), nameOf);
  await seen.seeFailure("unknown block", () => reader.getBlock({ blockNumber: 1_000_000n }), nameOf);
  void clients;
}

async function executeWithoutTrace({ reader, wallet, me, other, poor }: ViemClients, seen: Observations, token: Hex) {
  const transfer = encodeFunctionData({ abi: testTokenAbi, functionName: "transfer", args: [other, 10n] });
  seen.see("estimates", {
    transfer: await reader.estimateGas({ account: me, to: other, value: 1n }),
    token: await reader.estimateGas({ account: me, to: token, data: transfer }),
    deployment: await reader.estimateGas({ account: me, data: `${testTokenBytecode}${"00".repeat(64)}` }).catch(nameOf),
  });
  const balanceOf = encodeFunctionData({ abi: testTokenAbi, functionName: "balanceOf", args: [other] });
  seen.see("call", await reader.call({ to: token, data: balanceOf }));
  const code = "0x5f545f5260205ff3"; // PUSH0 SLOAD PUSH0 MSTORE PUSH1 32 PUSH0 RETURN
  const slots = [{ slot: toHex(0, { size: 32 }), value: toHex(99, { size: 32 }) }];
  seen.see(
    "call on another state",
    await reader.call({ to: poor, stateOverride: [{ address: poor, code, stateDiff: slots }] }),
  );
  const list = await reader.createAccessList({ account: me, to: token, data: transfer });
  seen.see(
    "access list",
    list.accessList.map(({ address, storageKeys }) => [address, [...storageKeys].sort()]),
  );
  const simulated = await reader.simulateBlocks({
    blocks: [
      {
        calls: [
          { account: me, to: token, data: transfer },
          { account: me, to: other, value: 5n },
        ],
      },
      { calls: [{ account: other, to: token, data: balanceOf }] },
    ],
  });
  const calls = simulated.map((block) =>
    block.calls.map(({ status, data, gasUsed, logs }) => ({ status, data, gasUsed, logs: logs?.length })),
  );
  seen.see("simulated", {
    calls,
    numbers: simulated.map(({ number }) => (number ?? 0n) - (simulated[0]?.number ?? 0n)),
  });
  await seen.seeFailure("too poor", () => wallet.sendTransaction({ to: other, value: 10n ** 30n, ...fees }), nameOf);
  await seen.seeFailure(
    "old nonce",
    () => wallet.sendTransaction({ to: other, nonce: 0, gas: 21_000n, ...fees }),
    nameOf,
  );
}

async function pollFilters({ reader, wallet, other }: ViemClients, seen: Observations, token: Hex): Promise<void> {
  const events = await reader.createContractEventFilter({ address: token, abi: testTokenAbi, eventName: "Transfer" });
  const blocks = await reader.createBlockFilter();
  const transfer = { address: token, abi: testTokenAbi, functionName: "transfer", args: [other, 3n], ...fees } as const;
  const hash = await wallet.writeContract(transfer);
  const receipt = await reader.waitForTransactionReceipt({ hash });
  const logs = await waitFor(async () => {
    const found = await reader.getFilterChanges({ filter: events });
    return found.length > 0 ? found : undefined;
  });
  seen.see(
    "filtered event",
    logs.map(({ args, transactionHash }) => ({ args, transactionHash })),
  );
  const hashes: Hash[] = [];
  await waitFor(async () => {
    hashes.push(...(await reader.getFilterChanges({ filter: blocks })));
    return hashes.includes(receipt.blockHash);
  });
  seen.see("nothing twice", await reader.getFilterChanges({ filter: events }));
  seen.see("uninstalled", await reader.uninstallFilter({ filter: events }));
  await seen.seeFailure(
    "gone",
    () => reader.getFilterChanges({ filter: events }),
    (error) => error instanceof Error,
  );
}

async function subscribe(target: Target, { wallet, other, me }: ViemClients, seen: Observations, token: Hex) {
  const transport = webSocket(target.ws, { reconnect: false });
  const live = createPublicClient({ chain: defineTestChain(target), transport });
  const heads: bigint[] = [];
  const events: unknown[] = [];
  const pending: Hash[] = [];
  const stops = [
    live.watchBlocks({ onBlock: ({ number }) => void heads.push(number ?? -1n) }),
    live.watchPendingTransactions({ onTransactions: (hashes) => void pending.push(...hashes) }),
    live.watchContractEvent({
      address: token,
      abi: testTokenAbi,
      eventName: "Transfer",
      onLogs: (logs) => void events.push(...logs.map(({ args }) => args)),
    }),
  ];
  // Whether a subscription stands is not told; a request behind it on the same connection is answered after it.
  await live.getBlockNumber();
  await live.getBlockNumber();
  const transfer = { address: token, abi: testTokenAbi, functionName: "transfer", args: [other, 4n], ...fees } as const;
  const hash = await wallet.writeContract(transfer);
  await waitFor(() => heads.length > 0 && events.length > 0 && pending.includes(hash));
  seen.see("events told", events);
  for (const stop of stops) stop();
  void me;
  const socket = (await live.transport.getRpcClient()) as { close(): void };
  socket.close();
}

async function delegate(clients: ViemClients, seen: Observations, token: Hex): Promise<void> {
  const { wallet, reader, me } = clients;
  const { privateKeyToAccount } = await import("viem/accounts");
  const signer = privateKeyToAccount(keys[2] as Hex);
  const authorization = await wallet.signAuthorization({ account: signer, contractAddress: token });
  const hash = wallet.sendTransaction({
    to: me,
    value: 0n,
    authorizationList: [authorization],
    gas: 200_000n,
    ...fees,
  });
  await clients.mined(seen, "delegation", hash);
  seen.see("delegated code", await reader.getCode({ address: signer.address }));
  seen.see("delegate", await reader.getDelegation({ address: signer.address }));
}

async function readFees({ reader }: ViemClients, seen: Observations): Promise<void> {
  const history = await reader.getFeeHistory({ blockCount: 4, blockNumber: 5n, rewardPercentiles: [25, 75] });
  const { oldestBlock, baseFeePerGas, gasUsedRatio, reward } = history;
  // The last base fee is the next block's; anvil computes it from its newest block, whatever the range.
  seen.see("fee history", { oldestBlock, fees: baseFeePerGas.slice(0, -1), gasUsedRatio, reward });
  const estimated = await reader.estimateFeesPerGas();
  seen.see("fees are suggested", estimated.maxFeePerGas > 0n && estimated.maxPriorityFeePerGas >= 0n);
  seen.see("gas price covers the base fee", (await reader.getGasPrice()) > 0n);
}

function nameOf(error: unknown): unknown {
  const { name, cause } = error as { name?: string; cause?: unknown };
  const inner = cause as { name?: string } | undefined;
  return { name, cause: inner?.name };
}
