import { testTokenAbi, testTokenBytecode } from "@koinon/solidity/artifacts/test-token";
import { testVaultAbi, testVaultBytecode } from "@koinon/solidity/artifacts/test-vault";
import { encodeFunctionData, type Hex, toHex } from "viem";
import type { Observations, Target } from "../target.ts";
import { fees, ViemClients } from "./viem-clients.ts";

interface CallTrace {
  readonly gas?: Hex;
  readonly calls?: readonly CallTrace[];
  readonly logs?: readonly { address: Hex; topics: readonly Hex[]; data: Hex; position: Hex }[];
}

interface StructLogs {
  readonly gas: number;
  readonly failed: boolean;
  readonly returnValue: string;
  readonly structLogs: readonly {
    pc: number;
    op: string;
    gas: number;
    gasCost: number;
    depth: number;
    stack: string[];
  }[];
}

/** Traces of a transaction with calls below it, of one that failed, of a block, and of a call. */
export async function runTraces(target: Target, seen: Observations): Promise<void> {
  const clients = new ViemClients(target);
  const { wallet, reader, me, other } = clients;
  const trace = (method: string, ...params: unknown[]): Promise<unknown> =>
    reader.request({ method: method as never, params: params as never });
  const tokenHash = await wallet.deployContract({
    abi: testTokenAbi,
    bytecode: testTokenBytecode,
    args: ["T", "T"],
    ...fees,
  });
  const token = await clients.deployed(seen, "token", tokenHash);
  const vaultHash = await wallet.deployContract({
    abi: testVaultAbi,
    bytecode: testVaultBytecode,
    args: [token],
    ...fees,
  });
  const vault = await clients.deployed(seen, "vault", vaultHash);
  const coin = { address: token, abi: testTokenAbi } as const;
  await clients.mined(
    seen,
    "mint",
    wallet.writeContract({ ...coin, functionName: "mint", args: [me, 1_000n], ...fees }),
  );
  const approve = { ...coin, functionName: "approve", args: [vault, 1_000n], ...fees } as const;
  await clients.mined(seen, "approve", wallet.writeContract(approve));
  const deposit = { address: vault, abi: testVaultAbi, functionName: "deposit", args: [500n, me], ...fees } as const;
  const good = await clients.mined(seen, "deposit", wallet.writeContract(deposit));
  const excess = { ...deposit, args: [9_999n, me], gas: 300_000n } as const;
  const bad = await clients.mined(seen, "deposit too much", wallet.writeContract(excess));
  for (const [name, hash] of [
    ["deposit", good.transactionHash],
    ["failure", bad.transactionHash],
  ] as const) {
    const calls = { tracer: "callTracer", tracerConfig: { withLog: true } };
    seen.see(`${name}: calls`, comparableCall((await trace("debug_traceTransaction", hash, calls)) as CallTrace));
    seen.see(`${name}: selectors`, await trace("debug_traceTransaction", hash, { tracer: "4byteTracer" }));
    seen.see(`${name}: instructions`, withoutWide((await trace("debug_traceTransaction", hash, {})) as StructLogs));
  }
  seen.see(
    "deposit: state before",
    onlyContracts(await trace("debug_traceTransaction", good.transactionHash, { tracer: "prestateTracer" }), [
      token,
      vault,
    ]),
  );
  const blockTrace = await trace("debug_traceBlockByNumber", toHex(good.blockNumber), { tracer: "callTracer" });
  seen.see(
    "block",
    (blockTrace as { txHash: Hex; result: { gasUsed: Hex } }[]).map(({ txHash, result }) => [txHash, result.gasUsed]),
  );
  const data = encodeFunctionData({ abi: testTokenAbi, functionName: "transfer", args: [other, 1n] });
  const call = { from: me, to: token, data, gas: toHex(100_000) };
  const traced = await trace("debug_traceCall", call, "latest", { tracer: "callTracer" });
  seen.see("call", comparableCall(traced as CallTrace));
}

/** geth tells the transaction's gas limit and anvil what is left of it at the start; anvil numbers logs. */
function comparableCall({ gas: _gas, ...call }: CallTrace): unknown {
  const withoutNumbers = ({ logs, calls, ...frame }: CallTrace): unknown => ({
    ...frame,
    logs: logs?.map(({ address, topics, data, position }) => ({ address, topics, data, position })),
    calls: calls?.map(withoutNumbers),
  });
  return withoutNumbers(call);
}

/** What differs between nodes in form alone is left out: how refunds and storage are shown. */
function withoutWide({ gas, failed, structLogs }: StructLogs): unknown {
  const steps = structLogs.map(({ pc, op, gas: left, gasCost, depth, stack }) => [pc, op, left, gasCost, depth, stack]);
  return { gas, failed, steps };
}

/** The sender's and the beneficiary's balances follow the fees of both nodes' blocks. */
function onlyContracts(prestate: unknown, addresses: readonly Hex[]): unknown {
  const accounts = prestate as Record<Hex, { balance: Hex; nonce: number; storage: unknown } | undefined>;
  return addresses.map((address) => {
    const { balance, nonce, storage } = accounts[address] ?? {};
    return { balance, nonce, storage };
  });
}
