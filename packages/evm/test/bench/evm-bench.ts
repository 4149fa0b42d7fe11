// Prints gas per second of the interpreter and transactions per second of execution alone, against @ethereumjs in the same run:
// `node --no-warnings test/bench/evm-bench.ts [--json]`. Figures are per second of this process's CPU time, because other work on the
// machine takes from the clock.
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { Common, Hardfork, Mainnet } from "@ethereumjs/common";
import { createEVM } from "@ethereumjs/evm";
import { SimpleStateManager } from "@ethereumjs/statemanager";
import { Account, createAddressFromString } from "@ethereumjs/util";
import { keccakHex } from "@koinon/ethereum/hash";
import type { DynamicFeePayload } from "@koinon/ethereum/transaction";
import { precompiles } from "@koinon/precompiles/precompiles";
import type { Address } from "@koinon/secp256k1/address";
import { hexToBytes } from "@koinon/secp256k1/hex";
import { MemoryState } from "@koinon/state/memory-state";
import type { InterpreterFigure, InterpreterFigures } from "@koinon/testkit/interpreter-figures";
import { Evm } from "../../src/evm.ts";
import { token } from "./token.ts";

const accounts = 20_000;
const rounds = 5;
const tokenAddress: Address = "0x00000000000000000000000000000000000c0de0";
const ethereumjsTransfers = 2_000;

const evm = new Evm(
  { chainId: 1n, codeCacheBytes: 1 << 20, hashSecret: 1n },
  { precompiles, recoverAuthority: () => undefined },
);
const block = {
  ...{ number: 1n, timestamp: 1n, gasLimit: 1n << 50n, baseFeePerGas: 7n, baseFeePerBlobGas: 1n },
  ...{ beneficiary: numbered(9), prevRandao: keccakHex(new Uint8Array(0)), blockHash: () => undefined },
};

function numbered(index: number): Address {
  return `0x${(0x1111n * 2n ** 140n + BigInt(index)).toString(16).padStart(40, "0")}`;
}

/** CPU seconds of `work`, the best of some rounds. */
async function best(work: () => unknown): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const start = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(start);
    least = Math.min(least, (user + system) / 1e6);
  }
  return least;
}

function show({ name, unit, value, ethereumjs }: InterpreterFigure): void {
  const ratio =
    ethereumjs === undefined ? "" : `   ${(value / ethereumjs).toFixed(1)} x ethereumjs (${Math.round(ethereumjs)})`;
  process.stdout.write(`${name.padEnd(36)} ${Math.round(value).toString().padStart(8)} ${unit}${ratio}\n`);
}

/** A loop of 500,000 rounds around `body`, which finds the counter on the stack and leaves it there. */
function loop(body: string): Uint8Array {
  return hexToBytes(`0x6207a1205b${body}600190038060045700`);
}

function payload(nonce: bigint, to: Address, data: Uint8Array, value = 0n): DynamicFeePayload {
  const gasLimit = data.length === 0 ? 21_000n : 100_000n;
  const fees = { maxFeePerGas: 100n, maxPriorityFeePerGas: 1n };
  return { type: 2, chainId: 1n, nonce, gasLimit, to, value, data, accessList: [], ...fees };
}

async function* loops(): AsyncIterable<InterpreterFigure> {
  const bodies = {
    "counter alone": "",
    "small arithmetic and memory": "80800280820160011c6000526000515050",
    "256-bit arithmetic and memory": `807f${"f".repeat(60)}1234017f${"a".repeat(64)}1660005260005150`,
    keccak256: "604060002050",
  };
  const common = new Common({ chain: Mainnet, hardfork: Hardfork.Prague });
  const reference = await createEVM({ common });
  for (const [name, body] of Object.entries(bodies)) {
    const code = loop(body);
    let gas = 0;
    const seconds = await best(() => {
      const state = new MemoryState([
        [numbered(1), { balance: 10n ** 20n }],
        [tokenAddress, { code }],
      ]);
      const execution = evm.beginBlock({ fork: "prague", state, block });
      const transaction = { ...payload(0n, tokenAddress, new Uint8Array(0)), gasLimit: 400_000_000n };
      const result = execution.executeTransaction({ transaction, sender: numbered(1) });
      if (!result.succeeded) throw new Error(`${name}: ${result.failure}`);
      gas = Number(result.gasUsed) - 21_000;
    });
    let theirs = 0n;
    const start = process.cpuUsage();
    theirs = (await reference.runCode({ code, gasLimit: 400_000_000n })).executionGasUsed;
    const { user, system } = process.cpuUsage(start);
    if (Number(theirs) !== gas) throw new Error(`${name}: ${gas} gas instead of ${theirs}`);
    yield { name, unit: "Mgas/s", value: gas / 1e6 / seconds, ethereumjs: gas / (user + system) };
  }
}

function transferData(index: number): Uint8Array {
  const to = numbered((index * 7_919) % accounts).slice(2);
  return hexToBytes(`0xa9059cbb${to.padStart(64, "0")}${(1 + index).toString(16).padStart(64, "0")}`);
}

function balanceSlot(address: Address): bigint {
  return BigInt(keccakHex(hexToBytes(`0x${address.slice(2).padStart(64, "0")}${"0".repeat(64)}`)));
}

async function* transactions(): AsyncIterable<InterpreterFigure> {
  const addresses = Array.from({ length: accounts }, (_, index) => numbered(index));
  const state = new MemoryState(addresses.map((address) => [address, { balance: 10n ** 20n }]));
  const balances = addresses.map((address) => [balanceSlot(address), 10n ** 24n] as const);
  state.put(tokenAddress, { code: token, nonce: 1n, storage: balances });
  const plain = addresses.map((_, index) => payload(0n, numbered((index * 7_919) % accounts), new Uint8Array(0), 1n));
  const transfers = addresses.map((_, index) => payload(0n, tokenAddress, transferData(index)));
  const execute = (list: readonly DynamicFeePayload[]): void => {
    const execution = evm.beginBlock({ fork: "prague", state, block });
    for (const [index, transaction] of list.entries()) {
      const result = execution.executeTransaction({ transaction, sender: addresses[index] as Address });
      if (!result.succeeded) throw new Error(`transaction ${index}: ${result.failure}`);
    }
    execution.changes();
  };
  yield { name: "plain transfers", unit: "tx/s", value: accounts / (await best(() => execute(plain))) };
  const value = accounts / (await best(() => execute(transfers)));
  yield { name: "ERC-20 transfers", unit: "tx/s", value, ethereumjs: await ethereumjsErc20() };
}

/** ERC-20 transfers a second in @ethereumjs/evm, calls alone: no nonce, fee or validation. */
async function ethereumjsErc20(): Promise<number> {
  const common = new Common({ chain: Mainnet, hardfork: Hardfork.Prague });
  const stateManager = new SimpleStateManager({ common });
  const to = createAddressFromString(tokenAddress);
  await stateManager.putAccount(to, new Account(1n, 0n));
  await stateManager.putCode(to, token);
  const callers = Array.from({ length: 100 }, (_, index) => createAddressFromString(numbered(index)));
  for (const [index, caller] of callers.entries()) {
    await stateManager.putAccount(caller, new Account(0n, 10n ** 20n));
    const slot = balanceSlot(numbered(index)).toString(16).padStart(64, "0");
    await stateManager.putStorage(to, hexToBytes(`0x${slot}`), hexToBytes("0x0100000000000000"));
  }
  const reference = await createEVM({ common, stateManager });
  const start = process.cpuUsage();
  for (let index = 0; index < ethereumjsTransfers; index++) {
    const caller = callers[index % callers.length];
    if (caller === undefined) continue;
    const { execResult } = await reference.runCall({ to, caller, gasLimit: 100_000n, data: transferData(index) });
    if (execResult.exceptionError !== undefined) throw new Error(`ethereumjs: ${execResult.exceptionError.error}`);
  }
  const { user, system } = process.cpuUsage(start);
  return ethereumjsTransfers / ((user + system) / 1e6);
}

const { json } = parseArgs({ options: { json: { type: "boolean", default: false } } }).values;
if (!json) process.stdout.write(`${cpus()[0]?.model}, ${cpus().length} cores, Node ${process.version}\n`);
const figures: InterpreterFigure[] = [];
for (const part of [loops(), transactions()]) {
  for await (const figure of part) {
    figures.push(figure);
    if (!json) show(figure);
  }
}
if (json) process.stdout.write(`${JSON.stringify(figures satisfies InterpreterFigures)}\n`);
