import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Fork } from "@koinon/ethereum/fork";
import { recoverAuthority } from "@koinon/ethereum/transaction-signing";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import type { BlockContext } from "../../src/block-context.ts";
import type { Scenario } from "./scenario.ts";
import { senderKey } from "./scenario.ts";

const forkNames: Readonly<Record<Fork, string>> = { cancun: "Cancun", prague: "Prague", osaka: "Osaka" };

/** What geth made of one state test. */
export interface GethVerdict {
  readonly name: string;
  readonly pass: boolean;
  readonly stateRoot: Hex;
  readonly error?: string;
}

/** A scenario with the outcome that geth is asked to confirm. */
export interface Expectation {
  readonly name: string;
  readonly scenario: Scenario;
  readonly stateRoot: Hex;
  readonly logsHash: Hex;
  readonly refused: boolean;
}

/** geth's `evm` command: what KOINON_GETH_EVM names, or `evm` of the path; undefined when there is none. */
export function findGeth(): string | undefined {
  const command = process.env.KOINON_GETH_EVM ?? "evm";
  const { stdout, status } = spawnSync(command, ["--version"], { encoding: "utf8" });
  return status === 0 && /^\S+ version/.test(stdout) ? command : undefined;
}

/** Lets geth run state tests (`evm statetest`) of one fork, all in one process. */
export function runStateTests(
  command: string,
  fork: Fork,
  context: BlockContext,
  expectations: readonly Expectation[],
): GethVerdict[] {
  const folder = mkdtempSync(path.join(tmpdir(), "koinon-statetest-"));
  try {
    const file = path.join(folder, "cases.json");
    const tests = expectations.map((expectation) => [expectation.name, toStateTest(expectation, fork, context)]);
    writeFileSync(file, JSON.stringify(Object.fromEntries(tests)));
    const { stdout, stderr, status } = spawnSync(command, ["statetest", file], {
      encoding: "utf8",
      maxBuffer: 256 << 20,
    });
    if (status !== 0 && !stdout.startsWith("[")) throw new Error(`evm statetest: ${stderr}`);
    return JSON.parse(stdout) as GethVerdict[];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** One transaction for `evm t8n`. */
export interface TracedScenario {
  readonly fork: Fork;
  readonly context: BlockContext;
  readonly scenario: Scenario;
  /** RLP of the list of transactions. */
  readonly raw: Hex;
}

/** A line of EIP-3155; the last one has other members. */
export interface GethStep {
  readonly pc: number;
  readonly op: number;
  readonly gas: Hex;
  readonly gasCost: Hex;
  readonly depth: number;
  readonly stack: readonly Hex[];
  readonly memory?: Hex;
  readonly refund: number;
  readonly error?: string;
}

/** What a tracer of geth has to say about a transaction; nothing when it was refused. */
export function traceWithGeth(
  command: string,
  traced: TracedScenario,
  tracer: { readonly name: string; readonly config: object },
): unknown {
  const options = ["--trace.tracer", tracer.name, "--trace.jsonconfig", JSON.stringify(tracer.config)];
  return JSON.parse(traceOf(command, traced, options));
}

/** Every instruction of a transaction according to geth. */
export function stepsWithGeth(command: string, traced: TracedScenario): GethStep[] {
  const lines = traceOf(command, traced, ["--trace.memory"]).trim().split("\n");
  return lines.map((line) => JSON.parse(line) as GethStep);
}

function traceOf(
  command: string,
  { fork, context, scenario, raw }: TracedScenario,
  options: readonly string[],
): string {
  const folder = mkdtempSync(path.join(tmpdir(), "koinon-t8n-"));
  try {
    const write = (name: string, value: unknown): string => {
      writeFileSync(path.join(folder, name), JSON.stringify(value));
      return path.join(folder, name);
    };
    const environment = {
      ...toEnvironment(context),
      withdrawals: [],
      parentBeaconBlockRoot: context.prevRandao,
      blockHashes: {},
    };
    const inputs = [
      ["--input.alloc", write("alloc.json", toAlloc(scenario))],
      ["--input.env", write("env.json", environment)],
      ["--input.txs", write("txs.rlp", raw)],
    ].flat();
    const args = ["t8n", ...inputs, "--output.basedir", folder, "--state.fork", forkNames[fork], "--trace", ...options];
    const { stderr, status } = spawnSync(command, args, { encoding: "utf8" });
    if (status !== 0) throw new Error(`evm t8n: ${stderr}`);
    const file = readdirSync(folder).find((name) => name.startsWith("trace-"));
    if (file === undefined) throw new Error(`evm t8n wrote no trace: ${stderr}`);
    return readFileSync(path.join(folder, file), "utf8");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function hex(value: bigint | number): Hex {
  return `0x${value.toString(16)}`;
}

function toEnvironment(context: BlockContext): object {
  return {
    currentCoinbase: context.beneficiary,
    currentDifficulty: "0x0",
    currentRandom: context.prevRandao,
    currentGasLimit: hex(context.gasLimit),
    currentNumber: hex(context.number),
    currentTimestamp: hex(context.timestamp),
    currentBaseFee: hex(context.baseFeePerGas),
    currentExcessBlobGas: "0x0",
  };
}

function toAlloc({ accounts }: Scenario): object {
  return Object.fromEntries(
    accounts.map(([address, { balance = 0n, nonce = 0n, code, storage = [] }]) => [
      address,
      {
        balance: hex(balance),
        nonce: hex(nonce),
        code: bytesToHex(code ?? new Uint8Array(0)),
        storage: Object.fromEntries([...storage].map(([slot, value]) => [word(slot), word(value)])),
      },
    ]),
  );
}

function word(value: bigint): Hex {
  return `0x${value.toString(16).padStart(64, "0")}`;
}

function toStateTest(
  { scenario, stateRoot, logsHash, refused }: Expectation,
  fork: Fork,
  context: BlockContext,
): object {
  const { transaction } = scenario;
  const fees =
    transaction.type === 0 || transaction.type === 1
      ? { gasPrice: hex(transaction.gasPrice) }
      : {
          maxFeePerGas: hex(transaction.maxFeePerGas),
          maxPriorityFeePerGas: hex(transaction.maxPriorityFeePerGas),
        };
  const lists = transaction.type === 0 ? {} : { accessLists: [accessList(scenario)] };
  const authorizations = transaction.type === 4 ? { authorizationList: authorizationList(scenario) } : {};
  return {
    env: toEnvironment(context),
    pre: toAlloc(scenario),
    transaction: {
      ...fees,
      ...lists,
      ...authorizations,
      nonce: hex(transaction.nonce),
      to: transaction.to ?? "",
      data: [bytesToHex(transaction.data)],
      gasLimit: [hex(transaction.gasLimit)],
      value: [hex(transaction.value)],
      sender: scenario.sender,
      secretKey: bytesToHex(senderKey),
    },
    post: {
      [forkNames[fork]]: [
        {
          hash: stateRoot,
          logs: logsHash,
          indexes: { data: 0, gas: 0, value: 0 },
          ...(refused ? { expectException: "any" } : {}),
        },
      ],
    },
  };
}

function accessList({ transaction }: Scenario): object[] {
  const entries = transaction.type === 0 ? [] : transaction.accessList;
  return entries.map(({ address, storageKeys }) => ({ address, storageKeys: storageKeys.map(word) }));
}

function authorizationList({ transaction }: Scenario): object[] {
  const entries = transaction.type === 4 ? transaction.authorizationList : [];
  return entries.map((authorization) => ({
    chainId: hex(authorization.chainId),
    address: authorization.address,
    nonce: hex(authorization.nonce),
    v: hex(authorization.yParity),
    yParity: hex(authorization.yParity),
    r: hex(authorization.r),
    s: hex(authorization.s),
    signer: recoverAuthority(authorization),
  }));
}
