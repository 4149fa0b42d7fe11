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
import { hexToBytes } from "@koinon/secp256k1/hex";
import type { Fixture, FixtureCase, FixtureEnvironment } from "./fixture.ts";
import { FlatState } from "./flat-state.ts";

/** Undefined when the case passes, or what was wrong. */
export type Verdict = string | undefined;

/** Runs one variant of a test: decodes, recovers, executes, and compares state root, logs and refusal. */
export function runCase(evm: Evm, fork: Fork, fixture: Fixture, variant: FixtureCase): Verdict {
  const state = FlatState.from(fixture.pre);
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
  state: FlatState,
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
