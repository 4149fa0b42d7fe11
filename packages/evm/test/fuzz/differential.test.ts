import { describe, expect, test } from "@jest/globals";
import { type Fork, forks } from "@koinon/ethereum/fork";
import { keccakHex } from "@koinon/ethereum/hash";
import { recoverAuthority } from "@koinon/ethereum/transaction-signing";
import { precompiles } from "@koinon/precompiles/precompiles";
import { bytesToHex } from "@koinon/secp256k1/hex";
import { MemoryState } from "@koinon/state/memory-state";
import type { BlockContext } from "../../src/block-context.ts";
import { Evm } from "../../src/evm.ts";
import { TransactionError } from "../../src/fault.ts";
import { type Outcome, refused, runReference } from "./reference.ts";
import { beneficiary, createScenario, type Scenario } from "./scenario.ts";

// KOINON_FUZZ_CASES and KOINON_FUZZ_SEED make longer and other runs; a failure names its seed.
const cases = Number(process.env.KOINON_FUZZ_CASES ?? 100);
const firstSeed = Number(process.env.KOINON_FUZZ_SEED ?? 1);

const laterTransactions = 2;

const evm = new Evm({ chainId: 1n, codeCacheBytes: 1 << 20, hashSecret: 1n }, { precompiles, recoverAuthority });
const context: BlockContext = {
  number: 1_000n,
  timestamp: 0x7000_0000n,
  gasLimit: 30_000_000n,
  beneficiary,
  prevRandao: keccakHex(new Uint8Array(1)),
  baseFeePerGas: 7n,
  baseFeePerBlobGas: 1n,
  blockHash: () => undefined,
};

function runOurs(scenario: Scenario, fork: Fork): Outcome[] {
  const base = new MemoryState(scenario.accounts);
  const execution = evm.beginBlock({ fork, state: base, block: context });
  return [scenario.transaction, ...scenario.later].map((transaction) => {
    try {
      const result = execution.executeTransaction({ transaction, sender: scenario.sender });
      const state = new MemoryState(scenario.accounts);
      state.apply(execution.changes());
      return {
        refused: false,
        succeeded: result.succeeded,
        gasUsed: result.gasUsed,
        output: bytesToHex(result.output),
        logs: result.logs.map(({ address, topics, data }) => [address, ...topics, bytesToHex(data)].join(" ")),
        state: state.dump(),
      };
    } catch (error) {
      if (!(error instanceof TransactionError)) throw error;
      return refused;
    }
  });
}

describe("random transactions come out as with @ethereumjs/vm", () => {
  test.each(forks)("%s", async (fork) => {
    let succeeded = 0;
    for (let seed = firstSeed; seed < firstSeed + cases; seed++) {
      const scenario = createScenario(seed, fork, laterTransactions);
      const ours = runOurs(scenario, fork);
      const theirs = await runReference(scenario, fork, context);
      expect({ seed, outcomes: ours }).toEqual({ seed, outcomes: theirs });
      succeeded += ours.filter((outcome) => outcome.succeeded).length;
    }
    // Otherwise the programs would show little.
    expect(succeeded).toBeGreaterThan(cases / 5);
  });
});
