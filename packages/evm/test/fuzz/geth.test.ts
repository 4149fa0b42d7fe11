import { describe, expect, test } from "@jest/globals";
import { type Fork, forks } from "@koinon/ethereum/fork";
import { keccakHex } from "@koinon/ethereum/hash";
import { decodeRlp, encodeRlp } from "@koinon/ethereum/rlp";
import { encodeTransaction } from "@koinon/ethereum/transaction-encode";
import { recoverAuthority } from "@koinon/ethereum/transaction-signing";
import { precompiles } from "@koinon/precompiles/precompiles";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import { MemoryState } from "@koinon/state/memory-state";
import type { BlockContext } from "../../src/block-context.ts";
import { Evm } from "../../src/evm.ts";
import { TransactionError } from "../../src/fault.ts";
import { opcodeName } from "../../src/opcode-table.ts";
import type { Tracer } from "../../src/tracer.ts";
import { FourByteTracer } from "../../src/tracing/four-byte-tracer.ts";
import { PrestateTracer } from "../../src/tracing/prestate-tracer.ts";
import { StructLogTracer } from "../../src/tracing/struct-log-tracer.ts";
import { logsHash } from "../logs-hash.ts";
import { type Expectation, findGeth, type GethStep, runStateTests, stepsWithGeth, traceWithGeth } from "./geth.ts";
import { beneficiary, createScenario, type Scenario } from "./scenario.ts";

// KOINON_FUZZ_CASES and KOINON_FUZZ_SEED make longer and other runs; a failure names its seed.
const cases = Number(process.env.KOINON_FUZZ_CASES ?? 300);
const firstSeed = Number(process.env.KOINON_FUZZ_SEED ?? 100_000);
const tracedCases = Math.ceil(cases / 50);

const evm = new Evm({ chainId: 1n, codeCacheBytes: 1 << 20, hashSecret: 1n }, { precompiles, recoverAuthority });
const context: BlockContext = {
  number: 1_000n,
  timestamp: 0x7000_0000n,
  gasLimit: 30_000_000n,
  beneficiary,
  prevRandao: keccakHex(new Uint8Array(1)),
  baseFeePerGas: 7n,
  baseFeePerBlobGas: 1n,
  // As `evm statetest` has it.
  blockHash: (number) => keccakHex(new TextEncoder().encode(number.toString())),
};
const geth = findGeth();

function expectation(seed: number, fork: Fork): Expectation {
  const scenario = createScenario(seed, fork);
  const state = new MemoryState(scenario.accounts);
  const execution = evm.beginBlock({ fork, state, block: context });
  try {
    const { logs } = execution.executeTransaction(scenario);
    state.apply(execution.changes());
    return { name: `seed ${seed}`, scenario, stateRoot: state.root(), logsHash: logsHash(logs), refused: false };
  } catch (error) {
    if (!(error instanceof TransactionError)) throw error;
    return { name: `seed ${seed}`, scenario, stateRoot: state.root(), logsHash: logsHash([]), refused: true };
  }
}

/** Our struct logs in the terms of geth's lines; what a step that failed would have cost is left out. */
function steps(seed: number, fork: Fork): object[] {
  const tracer = trace(seed, fork, new StructLogTracer({ enableMemory: true, disableStorage: true, limitBytes: 0 }));
  return tracer.result().structLogs.map(({ pc, op, gas, gasCost, depth, stack, memory, refund, error }) => {
    const step = { pc, op, gas, depth, stack, memory: (memory ?? []).join("") };
    return error === undefined ? { ...step, gasCost, refund: refund ?? 0 } : { ...step, failed: true };
  });
}

function gethSteps(lines: readonly GethStep[]): object[] {
  // A fault found while an instruction is carried out is told in a second line.
  const isRepeated = ({ pc, gas, depth, error }: GethStep, before: GethStep | undefined): boolean =>
    error !== undefined && before?.pc === pc && before.gas === gas && before.depth === depth;
  return lines
    .filter((line, index) => line.pc !== undefined && !isRepeated(line, lines[index - 1]))
    .map(({ pc, op, gas, gasCost, depth, stack, memory, refund, error }) => {
      const name = op === 0x44 ? "DIFFICULTY" : opcodeName(op);
      const step = { pc, op: name, gas: Number(gas), depth, stack, memory: (memory ?? "0x").slice(2) };
      return error === undefined ? { ...step, gasCost: Number(gasCost), refund } : { ...step, failed: true };
    });
}

function trace<T extends Tracer>(seed: number, fork: Fork, tracer: T): T {
  const scenario = createScenario(seed, fork);
  const state = new MemoryState(scenario.accounts);
  evm
    .beginBlock({ fork, state, block: { ...context, blockHash: () => undefined }, tracer })
    .executeTransaction(scenario);
  return tracer;
}

// t8n shows tracers its system calls too, which callTracer can not take; the others do not mind, but for one selector.
const tracers: readonly (readonly [string, object, (seed: number, fork: Fork) => unknown])[] = [
  ["prestateTracer", {}, (seed, fork) => trace(seed, fork, new PrestateTracer()).result()],
  [
    "prestateTracer",
    { diffMode: true },
    (seed, fork) => trace(seed, fork, new PrestateTracer({ diffMode: true })).result(),
  ],
  ["4byteTracer", {}, (seed, fork) => withSystemCalls(trace(seed, fork, new FourByteTracer()).result(), fork)],
];

/** EIP-4788 is called with the root that t8n was given, EIP-2935 with a parent hash of zero. */
function withSystemCalls(counts: Record<string, number>, fork: Fork): Record<string, number> {
  const root = `${context.prevRandao.slice(0, 10)}-28`;
  const parent = "0x00000000-28";
  const withRoot = { ...counts, [root]: (counts[root] ?? 0) + 1 };
  return fork === "cancun" ? withRoot : { ...withRoot, [parent]: (counts[parent] ?? 0) + 1 };
}

if (geth === undefined) {
  test("not run: geth's evm is neither named by KOINON_GETH_EVM nor in the path", () => {});
} else {
  describe("geth agrees", () => {
    test.each(forks)("with state and logs of random transactions: %s", (fork) => {
      const expectations = Array.from({ length: cases }, (_, index) => expectation(firstSeed + index, fork));
      const verdicts = runStateTests(geth, fork, context, expectations);
      expect(verdicts).toHaveLength(expectations.length);
      expect(verdicts.filter(({ pass }) => !pass).map(({ name, error }) => ({ name, error }))).toEqual([]);
    });

    test("with every step of random transactions", () => {
      for (const fork of forks) {
        for (let seed = firstSeed; seed < firstSeed + tracedCases; seed++) {
          const scenario = createScenario(seed, fork);
          const lines = stepsWithGeth(geth, { fork, context, scenario, raw: rawBody(scenario) });
          expect({ fork, seed, steps: steps(seed, fork) }).toEqual({ fork, seed, steps: gethSteps(lines) });
        }
      }
    });

    test.each(tracers)("with the output of %s %j", (name, config, ours) => {
      for (const fork of forks) {
        for (let seed = firstSeed; seed < firstSeed + tracedCases; seed++) {
          const scenario = createScenario(seed, fork);
          const raw = rawBody(scenario);
          const theirs = traceWithGeth(geth, { fork, context, scenario, raw }, { name, config });
          expect({ fork, seed, trace: ours(seed, fork) }).toEqual({ fork, seed, trace: theirs });
        }
      }
    });
  });
}

/** A block body's list of this one transaction: a legacy transaction stands in it as a list, others as strings (EIP-2718). */
function rawBody({ transaction }: Scenario): Hex {
  const raw = encodeTransaction(transaction);
  return bytesToHex(encodeRlp([transaction.type === 0 ? decodeRlp(raw) : raw]));
}
