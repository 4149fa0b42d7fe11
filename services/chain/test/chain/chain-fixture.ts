import { parseGenesis } from "@koinon/ethereum/genesis";
import type { TransactionPayload } from "@koinon/ethereum/transaction";
import { encodeTransaction } from "@koinon/ethereum/transaction-encode";
import { signTransaction } from "@koinon/ethereum/transaction-signing";
import { SeededRandom } from "@koinon/testkit/seeded-random";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { type Chain, type ChainOptions, openChain } from "../../src/chain.ts";
import type { BuiltPayload, EngineHead, ExecutionEngine } from "../../src/engine/execution-engine.ts";
import { type BlockCommitments, noCommitments, SoloProposer } from "../../src/proposer/solo-proposer.ts";
import { signerOf, transfer } from "../sample-transactions.ts";
import { testGenesis } from "./test-genesis.ts";

/** Options of a small chain in a folder. */
export function chainOptions(path: string, genesis = testGenesis()): ChainOptions {
  return {
    genesis: parseGenesis(genesis),
    store: { path, historyBlocks: 256, archive: false, cacheBytes: 8 * 2 ** 20 },
    engine: {
      gasLimitTarget: 30_000_000n,
      extraData: new Uint8Array(0),
      sliceMs: 10,
      buildsAhead: false,
      candidatesMax: 16,
      rememberedMax: 64,
      orphansMax: 8,
      orphanBytesMax: 2 ** 20,
      codeCacheBytes: 2 ** 20,
    },
    mempool: {
      minTip: 0n,
      transactionBytesMax: 131_072,
      allowUnprotected: true,
      refuseBelowBaseFee: false,
      transactionsMax: 20_000,
      bytesMax: 64 * 2 ** 20,
      senderTransactionsMax: 1_024,
      senderQueuedMax: 64,
      priceBumpPercent: 10,
      queuedLifetimeMs: 60_000,
    },
    ingest: {
      workers: 0,
      transactionBytesMax: 131_072,
      transactionsMax: 8_192,
      bytesMax: 16 * 2 ** 20,
      waitersMax: 64,
    },
    calls: {
      callGasMax: 50_000_000n,
      threads: 1,
      waitingMax: 1_000,
      callTimeoutMs: 5_000,
      searchTimeoutMs: 30_000,
      cacheBytes: 2 ** 20,
    },
  };
}

/** A chain in a folder of its own, with a proposer that is told when to propose. */
export interface ChainFixture {
  readonly chain: Chain;
  readonly path: string;
  /** Signs, submits, and fails unless the pool takes it. */
  submit(payload: Partial<TransactionPayload>, sender: number): Promise<void>;
  submitRaw(raws: readonly Uint8Array[]): Promise<void>;
  /** Proposes a block with what waits. */
  propose(): Promise<EngineHead>;
  /** What was proposed last. */
  proposed(): BuiltPayload;
  /** Closes and opens again. */
  reopen(): Promise<ChainFixture>;
  close(): Promise<void>;
}

export const never: AbortSignal = new AbortController().signal;

/** A proposer that nobody runs, with a clock at genesis and randomness that repeats. */
export function manualProposer(
  engine: ExecutionEngine,
  { commitments = noCommitments, buildMs = 0 }: { commitments?: BlockCommitments | undefined; buildMs?: number } = {},
): SoloProposer {
  return new SoloProposer(
    { intervalMs: 0, emptyBlocks: true, feeRecipient: "0x00000000000000000000000000000000000000fe", buildMs },
    {
      engine,
      clock: { now: () => 0x6500_0000 * 1000 },
      random: new SeededRandom(7),
      commitments,
      itemsWait: async () => undefined,
      itemsWaiting: () => 0,
    },
  );
}

/** Opens a chain in a fresh folder, or in the one given. */
export async function startChainFixture(
  choice: {
    genesis?: string;
    path?: string;
    commitments?: BlockCommitments;
    change?: (options: ChainOptions) => ChainOptions;
  } = {},
): Promise<ChainFixture> {
  const folder = choice.path === undefined ? await temporaryFolder() : undefined;
  const path = choice.path ?? (folder?.path as string);
  const options = chainOptions(path, choice.genesis);
  const chain = await openChain(choice.change?.(options) ?? options, {
    clock: { now: () => 0x6500_0000 * 1000 },
    random: new SeededRandom(1),
    workerLost: () => undefined,
    callThreadLost: () => undefined,
  });
  await chain.restorePool(never);
  let last: BuiltPayload | undefined;
  const { engine } = chain;
  const recording: ExecutionEngine = {
    newPayload: (proposed, signal) => engine.newPayload(proposed, signal),
    forkchoiceUpdated: (state, attributes) => engine.forkchoiceUpdated(state, attributes),
    getPayload: async (payloadId) => {
      last = await engine.getPayload(payloadId);
      return last;
    },
    head: () => engine.head(),
  };
  const proposer = manualProposer(recording, { commitments: choice.commitments });
  const submitRaw = async (raws: readonly Uint8Array[]) => {
    for (const outcome of await chain.view.intake.submit(raws, never)) {
      if ("rejection" in outcome) throw new Error(`refused: ${outcome.rejection.code}`);
    }
  };
  return {
    chain,
    path,
    submitRaw,
    submit: async (payload, sender) => {
      const signer = signerOf(sender);
      const nonce = Number(chain.view.mempool.nextNonce(signer.address));
      await submitRaw([encodeTransaction(signTransaction(transfer(nonce, payload), signer))]);
    },
    proposed: () => {
      if (last === undefined) throw new Error("nothing was proposed");
      return last;
    },
    propose: async () => proposer.propose(await chain.engine.head(), never),
    reopen: async () => {
      await chain.close();
      return startChainFixture({ ...choice, path });
    },
    close: async () => {
      await chain.close();
      await folder?.remove();
    },
  };
}
