import { createBlock } from "@ethereumjs/block";
import { Common, Hardfork, Mainnet } from "@ethereumjs/common";
import { SimpleStateManager } from "@ethereumjs/statemanager";
import { createTxFromRLP } from "@ethereumjs/tx";
import { Account, createAddressFromString } from "@ethereumjs/util";
import { createVM, type RunTxOpts, runTx, type VM } from "@ethereumjs/vm";
import type { Fork } from "@koinon/ethereum/fork";
import { encodeTransaction } from "@koinon/ethereum/transaction-encode";
import { bytesToHex, hexToBytes } from "@koinon/secp256k1/hex";
import { MemoryState } from "@koinon/state/memory-state";
import type { BlockContext } from "../../src/block-context.ts";
import type { Scenario } from "./scenario.ts";

/** What an engine made of a scenario; both engines' are compared as they are. */
export interface Outcome {
  readonly refused: boolean;
  readonly succeeded: boolean;
  readonly gasUsed: bigint;
  readonly output: string;
  readonly logs: readonly string[];
  readonly state: readonly string[];
}

/** The outcome of a transaction that is not valid; why differs in words. */
export const refused: Outcome = { refused: true, succeeded: false, gasUsed: 0n, output: "", logs: [], state: [] };

const hardforks: Readonly<Record<Fork, Hardfork>> = {
  cancun: Hardfork.Cancun,
  prague: Hardfork.Prague,
  osaka: Hardfork.Osaka,
};

/** Runs a scenario with @ethereumjs/vm: the outcome of each transaction, the state being that after it. */
export async function runReference(scenario: Scenario, fork: Fork, context: BlockContext): Promise<Outcome[]> {
  const common = new Common({ chain: Mainnet, hardfork: hardforks[fork] });
  const stateManager = new SimpleStateManager({ common });
  for (const [address, { balance = 0n, nonce = 0n, code, storage = [] }] of scenario.accounts) {
    const key = createAddressFromString(address);
    await stateManager.putAccount(key, new Account(nonce, balance));
    if (code !== undefined && code.length > 0) await stateManager.putCode(key, code);
    for (const [slot, value] of storage) await stateManager.putStorage(key, word(slot), trimmed(value));
  }
  const vm = await createVM({ common, stateManager });
  const block = createBlock(
    {
      header: {
        number: context.number,
        timestamp: context.timestamp,
        gasLimit: context.gasLimit,
        coinbase: createAddressFromString(context.beneficiary),
        mixHash: hexToBytes(context.prevRandao),
        baseFeePerGas: context.baseFeePerGas,
      },
    },
    { common, skipConsensusFormatValidation: true },
  );
  const outcomes: Outcome[] = [];
  for (const transaction of [scenario.transaction, ...scenario.later]) {
    const tx = createTxFromRLP(encodeTransaction(transaction), { common });
    outcomes.push(await runOne(vm, { tx, block, skipHardForkValidation: true }, stateManager));
  }
  return outcomes;
}

async function runOne(vm: VM, options: RunTxOpts, stateManager: SimpleStateManager): Promise<Outcome> {
  try {
    const result = await runTx(vm, options);
    return {
      refused: false,
      succeeded: result.execResult.exceptionError === undefined,
      gasUsed: result.totalGasSpent,
      output: bytesToHex(result.execResult.returnValue),
      logs: result.receipt.logs.map(([address, topics, data]) =>
        [address, ...topics, data].map((bytes) => bytesToHex(bytes)).join(" "),
      ),
      state: await dump(stateManager),
    };
  } catch (error) {
    if (!(error instanceof Error) || !/invalid|tx|nonce|gas/i.test(error.message)) throw error;
    return refused;
  }
}

async function dump(stateManager: SimpleStateManager): Promise<string[]> {
  const state = new MemoryState();
  const [accounts] = Reflect.get(stateManager, "accountStack") as [Map<string, Account | undefined>];
  const [storage] = Reflect.get(stateManager, "storageStack") as [Map<string, Uint8Array>];
  const words = Map.groupBy(storage, ([key]) => key.split("_")[0]);
  for (const [address, account] of accounts) {
    if (account === undefined) continue;
    const { nonce, balance } = account;
    const code = await stateManager.getCode(createAddressFromString(address));
    const slots = (words.get(address) ?? []).map(([key, value]) => {
      const slot = BigInt(key.split("_")[1] as string);
      return [slot, value.length === 0 ? 0n : BigInt(bytesToHex(value))] as const;
    });
    state.put(address as `0x${string}`, { nonce, balance, code, storage: slots });
  }
  return state.dump();
}

function word(value: bigint): Uint8Array {
  return hexToBytes(`0x${value.toString(16).padStart(64, "0")}`);
}

function trimmed(value: bigint): Uint8Array {
  const digits = value.toString(16);
  return hexToBytes(`0x${digits.padStart(digits.length + (digits.length % 2), "0")}`);
}
