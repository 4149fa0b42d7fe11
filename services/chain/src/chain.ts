import { mkdir } from "node:fs/promises";
import path from "node:path";
import { emptyCodeHash } from "@koinon/ethereum/account";
import type { Genesis } from "@koinon/ethereum/genesis";
import type { Authorization } from "@koinon/ethereum/transaction";
import { Evm } from "@koinon/evm/evm";
import { lockFolder } from "@koinon/machine/folder-lock";
import { precompiles } from "@koinon/precompiles/precompiles";
import type { Random } from "@koinon/runtime/random";
import type { Address } from "@koinon/secp256k1/address";
import { bytesToHex } from "@koinon/secp256k1/hex";
import { CallPool, type CallPoolOptions } from "./calls/call-pool.ts";
import type { CallThreadSettings } from "./calls/call-task.ts";
import { carryConfig } from "./calls/carried-config.ts";
import type { ChainView, TransactionIntake } from "./chain-view.ts";
import type { BlockRunDependencies } from "./engine/block-run.ts";
import { BlockTree, type BlockTreeLimits } from "./engine/block-tree.ts";
import { CanonicalChain } from "./engine/canonical-chain.ts";
import { nextBlockAfter } from "./engine/fork-choice.ts";
import { NativeEngine, type NativeEngineOptions } from "./engine/native-engine.ts";
import { createPacing } from "./engine/pacing.ts";
import { AuthorityMemory } from "./ingest/authority-memory.ts";
import { RecoveryPool, type RecoveryPoolOptions } from "./ingest/recovery-pool.ts";
import { PoolJournal, type RestoredPool } from "./mempool/journal/pool-journal.ts";
import { Mempool, type MempoolOptions } from "./mempool/mempool.ts";
import type { SenderAccount } from "./mempool/sender-queue.ts";
import type { ChainStore } from "./store/chain-store.ts";
import { openChainStore } from "./store/open-chain-store.ts";
import { HeadSignal } from "./view/head-signal.ts";
import { createIntake } from "./view/intake.ts";
import { StoreReader } from "./view/store-reader.ts";
import { StoreSubscriptions } from "./view/subscriptions.ts";
import { WithdrawalQueue } from "./withdrawals/withdrawal-queue.ts";

const journalName = "pool.journal";
/** Some ten seconds of a busy chain. */
const journalSlackBytes = 16 * 2 ** 20;
/** Credits are an operator's doing, now and then. */
const withdrawalLimits = { waitingMax: 4_096, rememberedMax: 65_536n };

/** How a chain runs in this process. */
export interface ChainOptions {
  readonly genesis: Genesis;
  readonly store: {
    readonly path: string;
    readonly historyBlocks: number;
    readonly archive: boolean;
    readonly cacheBytes: number;
  };
  readonly engine: NativeEngineOptions & BlockTreeLimits & { readonly codeCacheBytes: number };
  readonly mempool: Omit<MempoolOptions, "chainId">;
  /** Keeps what waits in the folder of the store; without it, that ends with the process. */
  readonly journalsPool?: boolean;
  readonly ingest: RecoveryPoolOptions;
  readonly calls: CallPoolOptions & Pick<CallThreadSettings, "callGasMax"> & { readonly cacheBytes: number };
}

/** What a chain needs from outside. */
export interface ChainDependencies {
  readonly clock: { now(): number };
  readonly random: Random;
  /** A thread that recovers senders ended by itself; the pool goes on without it. */
  workerLost(cause: unknown, replaced: boolean): void;
  /** A thread that executed calls ended by itself; another one is started when it is needed. */
  callThreadLost(cause: unknown): void;
  /** Transactions that wait are written down no more. */
  journalFailed?(cause: unknown): void;
}

/** A chain that is open: what it can do, and what is read through. */
export interface Chain {
  readonly view: ChainView;
  readonly engine: NativeEngine;
  readonly store: ChainStore;
  /** Coin that the operator credits; whoever proposes takes it from here. */
  readonly withdrawals: WithdrawalQueue;
  /** Takes back what waited when the process before ended; submissions are written down from then on. */
  restorePool(signal: AbortSignal): Promise<RestoredPool>;
  /** Waits until everything begun is on disk, and lets go of everything. */
  close(): Promise<void>;
}

/**
 * Opens a chain, or begins it from its genesis; throws ChainError `GENESIS_MISMATCH`, StateError, or FolderLockError
 * `DATA_FOLDER_IN_USE` when another process has it open.
 */
export async function openChain(options: ChainOptions, dependencies: ChainDependencies): Promise<Chain> {
  await mkdir(options.store.path, { recursive: true });
  const lock = await lockFolder(options.store.path);
  try {
    const store = await openChainStore(options.store, options.genesis);
    // Its accounts are in the store now; a million of them would be marked in every collection of garbage for nothing.
    const genesis = { ...options.genesis, alloc: new Map() };
    const chain = assembleChain({ ...options, genesis }, store, dependencies);
    return { ...chain, close: () => chain.close().finally(() => lock.release()) };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

function assembleChain(options: ChainOptions, store: ChainStore, dependencies: ChainDependencies): Chain {
  const { clock, workerLost } = dependencies;
  const { config } = options.genesis;
  const hashSecret = BigInt(bytesToHex(dependencies.random.bytes(32)));
  const heads = new HeadSignal();
  const chain = new CanonicalChain(store, heads, () => createPacing(options.engine, clock));
  const tree = new BlockTree(options.engine, chain);
  const authorities = new AuthorityMemory();
  const recoverAuthority = (authorization: Authorization): Address | undefined => authorities.recover(authorization);
  const evm = new Evm(
    { chainId: config.chainId, codeCacheBytes: options.engine.codeCacheBytes, hashSecret },
    { precompiles, recoverAuthority },
  );
  const running: BlockRunDependencies = {
    config,
    evm,
    state: store.state,
    ancestorHash: (hash, number) => tree.ancestorHash(hash, number),
  };
  const nextBlock = (head: Parameters<typeof nextBlockAfter>[0]) =>
    nextBlockAfter(head, config.forks, options.engine.gasLimitTarget);
  const mempool = new Mempool({ ...options.mempool, chainId: config.chainId }, nextBlock(chain.head.header), {
    clock,
    account: (address) => senderAccount(chain, address),
    recoverAuthority,
  });
  const recovery = new RecoveryPool(options.ingest, {
    workerLost,
    rememberAuthority: (authorization, authority) => authorities.remember(authorization, authority),
  });
  const engine = new NativeEngine(options.engine, {
    ...running,
    store,
    chain,
    tree,
    mempool,
    recovery,
    clock,
    nextBlock,
  });
  const calls = createCallPool(options, hashSecret, dependencies);
  const reader = new StoreReader({
    config,
    store,
    waiting: (hash) => mempool.get(hash) ?? chain.pendingTransaction(hash),
  });
  const journal = createJournal(options, mempool, dependencies);
  const { transactionsMax } = options.mempool;
  const view: ChainView = {
    reader,
    calls,
    intake: createIntake({ transactionsMax }, { recovery, mempool, journal }),
    mempool,
    subscriptions: new StoreSubscriptions({ store, mempool, heads }),
  };
  const withdrawals = new WithdrawalQueue(withdrawalLimits, {
    store,
    head: () => chain.head.hash,
    block: (hash) => tree.candidate(hash)?.block ?? chain.pendingBlock(hash),
  });
  const close = async (): Promise<void> => {
    await Promise.all([recovery.close(), calls.close(), journal?.close()]);
    await engine.flush().finally(() => store.state.close());
  };
  const unwritten = createIntake({ transactionsMax }, { recovery, mempool, journal: undefined });
  const restorePool = async (signal: AbortSignal): Promise<RestoredPool> =>
    (await journal?.restore((raws) => submitInBatches(raws, unwritten, { ...options.ingest, signal }))) ?? emptyPool;
  return { view, engine, store, withdrawals, restorePool, close };
}

const emptyPool: RestoredPool = { transactions: 0, isDamaged: false };

function createJournal(
  { journalsPool = false, store, mempool: { transactionBytesMax } }: ChainOptions,
  mempool: Mempool,
  { journalFailed }: ChainDependencies,
): PoolJournal | undefined {
  if (!journalsPool) return undefined;
  const file = { path: path.join(store.path, journalName), transactionBytesMax, slackBytes: journalSlackBytes };
  return new PoolJournal(file, { mempool, onFailure: (error) => journalFailed?.(error) });
}

async function submitInBatches(
  raws: readonly Uint8Array[],
  intake: TransactionIntake,
  { transactionsMax, signal }: { readonly transactionsMax: number; readonly signal: AbortSignal },
): Promise<void> {
  for (let start = 0; start < raws.length; start += transactionsMax)
    await intake.submit(raws.slice(start, start + transactionsMax), signal);
}

function createCallPool(
  { genesis, store, engine, calls }: ChainOptions,
  hashSecret: bigint,
  { callThreadLost }: ChainDependencies,
): CallPool {
  const thread = {
    config: carryConfig(genesis.config),
    store: { ...store, cacheBytes: calls.cacheBytes },
    codeCacheBytes: engine.codeCacheBytes,
    callGasMax: calls.callGasMax,
    hashSecret,
  };
  return new CallPool(calls, { thread, threadLost: callThreadLost });
}

/** An account as it is after the last adopted block. */
function senderAccount(chain: CanonicalChain, address: Address): SenderAccount {
  const account = chain.head.state.account(address);
  if (account === undefined) return { nonce: 0n, balance: 0n, hasCode: false };
  return { nonce: account.nonce, balance: account.balance, hasCode: account.codeHash !== emptyCodeHash };
}
