import { DomainError, isFault } from "@koinon/errors/domain-error";
import { baseFeePerBlobGas } from "@koinon/ethereum/blob-fee";
import type { Fork } from "@koinon/ethereum/fork";
import { mainnetBlobs } from "@koinon/ethereum/fork-schedule";
import { keccakHex } from "@koinon/ethereum/hash";
import type { Log } from "@koinon/ethereum/log";
import { encodeRlp } from "@koinon/ethereum/rlp";
import { decodeTransaction } from "@koinon/ethereum/transaction-decode";
import { recoverSender } from "@koinon/ethereum/transaction-signing";
import type { BlockContext } from "@koinon/evm/block-context";
import type { Evm } from "@koinon/evm/evm";
import type { Address } from "@koinon/secp256k1/address";
import { hexToBytes } from "@koinon/secp256k1/hex";
import { MemoryState } from "@koinon/state/memory-state";
import type { Fixture, FixtureAccount, FixtureCase, FixtureEnvironment } from "./fixture.ts";

/** Undefined when the case passes, or what was wrong. */
export type Verdict = string | undefined;

/** Runs one variant of a test: decodes, recovers, executes, and compares state root, logs and refusal. */
export function runCase(evm: Evm, fork: Fork, fixture: Fixture, variant: FixtureCase): Verdict {
  const state = beginState(fixture.pre);
  const refusal = execute(evm, fork, fixture, variant, state);
  if (typeof refusal !== "string" && !Array.isArray(refusal)) return "unexpected outcome";
  if (typeof refusal === "string") {
    if (variant.expectException === undefined) return `refused: ${refusal}`;
  } else {
    if (variant.expectException !== undefined) return `not refused: ${variant.expectException}`;
    const logs = keccakHex(encodeRlp(refusal.map(({ address, topics, data }) => [address, topics, data])));
    if (logs !== variant.logs) return `logs ${logs} instead of ${variant.logs}`;
  }
  const root = state.root();
  return root === variant.hash ? undefined : `root ${root} instead of ${variant.hash}`;
}

/** The logs, or why the transaction was refused. */
function execute(
  evm: Evm,
  fork: Fork,
  fixture: Fixture,
  variant: FixtureCase,
  state: MemoryState,
): readonly Log[] | string {
  try {
    const transaction = decodeTransaction(hexToBytes(variant.txbytes));
    const sender = recoverSender(transaction);
    const block = blockContext(fork, fixture.env);
    const execution = evm.beginBlock({ fork, state, block });
    const { logs } = execution.executeTransaction({ transaction, sender });
    state.apply(execution.changes());
    return logs;
  } catch (error) {
    if (error instanceof DomainError && !isFault(error, "HEX_MALFORMED")) return error.message;
    throw error;
  }
}

function blockContext(fork: Fork, env: FixtureEnvironment): BlockContext {
  return {
    number: BigInt(env.currentNumber),
    timestamp: BigInt(env.currentTimestamp),
    gasLimit: BigInt(env.currentGasLimit),
    beneficiary: env.currentCoinbase,
    prevRandao: env.currentRandom,
    baseFeePerGas: BigInt(env.currentBaseFee),
    baseFeePerBlobGas: baseFeePerBlobGas(BigInt(env.currentExcessBlobGas ?? "0x0"), mainnetBlobs[fork]),
    // The tests' convention: a block's hash is that of its number in decimal.
    blockHash: (number) => keccakHex(new TextEncoder().encode(number.toString())),
  };
}

function beginState(accounts: Readonly<Record<Address, FixtureAccount>>): MemoryState {
  const state = new MemoryState();
  for (const [address, { balance, code, nonce, storage }] of Object.entries(accounts) as [Address, FixtureAccount][]) {
    const words = Object.entries(storage).map(([slot, word]) => [BigInt(slot), BigInt(word)] as const);
    state.put(address, { balance: BigInt(balance), nonce: BigInt(nonce), code: hexToBytes(code), storage: words });
  }
  return state;
}
