import { setImmediate as nextTurn } from "node:timers/promises";
import type { ChainConfig } from "@koinon/ethereum/chain-config";
import { recoverAuthority } from "@koinon/ethereum/transaction-signing";
import { Evm } from "@koinon/evm/evm";
import { precompiles } from "@koinon/precompiles/precompiles";
import type { SystemClock } from "@koinon/runtime/clock";
import type { AccountProof } from "@koinon/state/account-proof";
import { StateStore } from "@koinon/state/state-store";
import type { BlockRef, ChainExecution, ChainReader, LogSearch } from "../chain-view.ts";
import { ChainError } from "../errors.ts";
import { packTransactions } from "../ingest/packed-batch.ts";
import { defaultTipOptions, TipOracle } from "../jsonrpc/fees/tip-oracle.ts";
import { JsonRpcError } from "../jsonrpc/json-rpc-error.ts";
import type { JsonRpcLimits } from "../jsonrpc/limits.ts";
import { type CallContext, createMethodTable, type MethodTable } from "../jsonrpc/method.ts";
import { createBlockMethods } from "../jsonrpc/methods/block-methods.ts";
import { createCallMethods } from "../jsonrpc/methods/call-methods.ts";
import { createFeeMethods } from "../jsonrpc/methods/fee-methods.ts";
import { createLogMethods } from "../jsonrpc/methods/log-methods.ts";
import { createProofMethods } from "../jsonrpc/methods/proof-methods.ts";
import { createRawMethods } from "../jsonrpc/methods/raw-methods.ts";
import { createSenderNonceMethods } from "../jsonrpc/methods/sender-nonce-methods.ts";
import { createSimulationMethods } from "../jsonrpc/methods/simulation-methods.ts";
import { createTraceMethods } from "../jsonrpc/methods/trace-methods.ts";
import { ChainStore } from "../store/chain-store.ts";
import { chainTables } from "../store/tables.ts";
import { CallExecution } from "../view/call-execution.ts";
import { searchLogs } from "../view/log-search.ts";
import { proveInSlices } from "../view/sliced-proof.ts";
import { StoreReader } from "../view/store-reader.ts";
import { CallDeadline } from "./call-deadline.ts";
import type { CallTask, CallTasks, CallThreadRequest, CallThreadSettings } from "./call-task.ts";
import { restoreConfig } from "./carried-config.ts";

interface Parts {
  readonly reader: ChainReader;
  readonly execution: ChainExecution;
  readonly search: LogSearch;
  readonly tips: TipOracle;
  methods: { readonly key: string; readonly table: MethodTable } | undefined;
}

/** How long a search or a replay keeps a thread that has nothing else to do before it looks at its signal. */
const sliceMs = 20;

/** Carries out tasks one after the other, on a store that somebody else writes. */
export class TaskRunner {
  readonly #settings: CallThreadSettings;
  readonly #clock: SystemClock;
  readonly #config: ChainConfig;
  readonly #deadline: CallDeadline;
  readonly #state: StateStore;
  #parts: Parts | undefined;

  /** Throws StateError when the store can not be opened. */
  constructor(settings: CallThreadSettings, clock: SystemClock) {
    this.#settings = settings;
    this.#clock = clock;
    this.#config = restoreConfig(settings.config);
    this.#deadline = new CallDeadline({ clock, unwanted: settings.unwanted });
    this.#state = new StateStore({ ...settings.store, tables: Object.values(chainTables), readOnly: true });
  }

  /** Answers a task; throws what it throws, ChainError `CALL_TIMEOUT` among others. One at a time. */
  run({ job, task, timeoutMs }: CallThreadRequest): Promise<CallTasks[keyof CallTasks]["answer"]> {
    return this.#deadline.bound(job, timeoutMs, (signal) =>
      this.#state.reading(() => {
        this.#parts ??= this.#assemble();
        return carryOut(task, this.#parts, { clock: this.#clock, signal });
      }),
    );
  }

  async close(): Promise<void> {
    await this.#state.close();
  }

  /** Reads the store, so it is done within a reading. */
  #assemble(): Parts {
    const { codeCacheBytes, callGasMax, hashSecret } = this.#settings;
    const config = this.#config;
    const clock = this.#clock;
    const state = this.#state;
    const store = new ChainStore(state);
    const evm = new Evm(
      { chainId: config.chainId, codeCacheBytes, hashSecret },
      { precompiles, recoverAuthority, interrupt: () => this.#deadline.check() },
    );
    const reader = new StoreReader({
      config,
      store,
      waiting: () => undefined,
    });
    const execution = new CallExecution(
      { callGasMax, sliceMs },
      {
        ...{ config, evm, state, reader, clock },
        ancestorHash: (hash, number) => {
          const of = store.numberOf(hash);
          return of === undefined || number > of ? undefined : store.hashAt(number);
        },
      },
    );
    const search: LogSearch = (filter, range, limits) => searchLogs(filter, range, limits, { store, clock, sliceMs });
    return { reader, execution, search, tips: new TipOracle(defaultTipOptions, reader), methods: undefined };
  }
}

interface TaskContext {
  readonly clock: SystemClock;
  readonly signal: AbortSignal;
}

async function carryOut(
  { kind, given }: CallTask,
  parts: Parts,
  { clock, signal }: TaskContext,
): Promise<CallTasks[keyof CallTasks]["answer"]> {
  switch (kind) {
    case "call":
      return parts.execution.call(given.message, { at: given.at });
    case "estimate":
      return parts.execution.estimate(given.message, { at: given.at });
    case "proof":
      return detached(await proveInSlices(parts.reader, given, { pause: () => nextTurn(), signal }));
    case "rawTransactions":
      return packTransactions(requiredTransactions(parts.reader, given.at));
    case "request":
      return answerRequest(given, parts, { clock, signal });
  }
}

/** With nodes of their own: a view is copied from thread to thread with all of what it is a view of. */
function detached({ accountProof, storageProof, ...account }: AccountProof): AccountProof {
  return {
    ...account,
    accountProof: accountProof.map((node) => node.slice()),
    storageProof: storageProof.map((slot) => ({ ...slot, proof: slot.proof.map((node) => node.slice()) })),
  };
}

function requiredTransactions(reader: ChainReader, at: BlockRef): readonly Uint8Array[] {
  const raws = reader.rawTransactions(at);
  if (raws === undefined) throw new ChainError({ code: "BLOCK_UNKNOWN", block: String(at) });
  return raws;
}

async function answerRequest(
  { method, params, limits }: CallTasks["request"]["given"],
  parts: Parts,
  { clock, signal }: TaskContext,
): Promise<string> {
  const context: CallContext = { signal, connection: undefined };
  const result = await methodsOf(parts, limits, clock).get(method)?.call(params, context);
  const text = JSON.stringify(result ?? null);
  if (text.length <= limits.responseLengthMax) return text;
  throw new JsonRpcError({ code: "RESPONSE_TOO_LARGE", message: "response too large" });
}

/** The methods within these limits; those of the last call are kept, because a server has the same ones for every call. */
function methodsOf(parts: Parts, limits: JsonRpcLimits, clock: SystemClock): MethodTable {
  const key = Object.values(limits).join();
  if (parts.methods?.key === key) return parts.methods.table;
  const table = createMethodTable([
    createCallMethods(parts),
    createSimulationMethods(parts, limits),
    createTraceMethods(parts, limits, { clock }),
    createLogMethods(parts, limits),
    createFeeMethods(parts.reader, parts.tips, limits),
    createBlockMethods(parts.reader),
    createProofMethods(parts.reader, limits),
    createSenderNonceMethods(parts.reader),
    createRawMethods(parts.reader),
  ]);
  parts.methods = { key, table };
  return table;
}
