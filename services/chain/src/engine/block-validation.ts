import { blockBytesMax } from "@koinon/ethereum/block";
import type { BlockHeader } from "@koinon/ethereum/block-header";
import { isActive } from "@koinon/ethereum/fork";
import { headerRuleFault } from "@koinon/ethereum/header-rules";
import { requestsHash } from "@koinon/ethereum/requests";
import type { EncodedTransaction } from "@koinon/ethereum/transaction";
import { BlockError, TransactionError } from "@koinon/evm/fault";
import { bytesToHex } from "@koinon/secp256k1/hex";
import { InvalidBlockError } from "../errors.ts";
import type { ExecutedBlock } from "../executed-block.ts";
import type { PreparedBlock } from "./block-building.ts";
import { receiptFields } from "./block-roots.ts";
import { BlockRun, type BlockRunDependencies, type ParentBlock } from "./block-run.ts";
import { blockSize } from "./block-size.ts";
import type { Pacing } from "./pacing.ts";

/** A block with the senders of its transactions, and what is not known before it is executed left out. */
export type UnexecutedBlock = Pick<ExecutedBlock, "hash" | "header" | "transactions" | "withdrawals">;

/** Checks what header and parent show alone; throws InvalidBlockError. */
export function assertHeaderFollows(header: BlockHeader, parent: ParentBlock, { config }: BlockRunDependencies): void {
  const fault = headerRuleFault(header, parent.header, config.forks);
  if (fault !== undefined) throw new InvalidBlockError(fault);
}

/** Executes somebody else's block and compares every field of its header with what came out; throws InvalidBlockError. */
export async function validateBlock(
  { hash, header, transactions, withdrawals }: UnexecutedBlock,
  parent: ParentBlock,
  dependencies: BlockRunDependencies & { readonly pacing: Pacing },
): Promise<PreparedBlock> {
  const { pacing } = dependencies;
  const raws = transactions.map(({ raw }) => raw);
  const sizeBytes = blockSize(header, raws, withdrawals);
  const fork = dependencies.config.forks.forkAt(header.timestamp);
  if (isActive(fork, "osaka") && sizeBytes > blockBytesMax) {
    throw new InvalidBlockError({ code: "BLOCK_TOO_LARGE", sizeBytes, limitBytes: blockBytesMax });
  }
  const run = new BlockRun(parent, header, dependencies);
  for (const [index, transaction] of transactions.entries()) {
    execute(run, transaction, index);
    if (pacing.isDue()) await pacing.pause();
  }
  assertSame("gasUsed", header.gasUsed, run.gasUsed);
  assertSame("blobGasUsed", header.blobGasUsed, run.blobGasUsed);
  const { receiptsRoot, logsBloom } = await pacing.carryOut(receiptFields(transactions, run.outcomes));
  assertSame("receiptsRoot", header.receiptsRoot, receiptsRoot);
  assertSame("logsBloom", bytesToHex(header.logsBloom), bytesToHex(logsBloom));
  const { requests, candidate, changed } = await pacing.carryOut(run.finish(withdrawals)).catch(refuse);
  try {
    assertSame("requestsHash", header.requestsHash, isActive(fork, "prague") ? requestsHash(requests) : undefined);
    assertSame("stateRoot", header.stateRoot, candidate.root);
  } catch (error) {
    candidate.discard();
    throw error;
  }
  const { outcomes, value } = run;
  const block = { hash, header, transactions, withdrawals, outcomes, requests, sizeBytes, changed };
  return { block, value, candidate };
}

function execute(run: BlockRun, transaction: EncodedTransaction, index: number): void {
  try {
    run.add(transaction);
  } catch (error) {
    if (!(error instanceof TransactionError)) throw error;
    throw new InvalidBlockError({ code: "TRANSACTION_INVALID", index, reason: error.message }, { cause: error });
  }
}

function refuse(error: unknown): never {
  if (!(error instanceof BlockError)) throw error;
  throw new InvalidBlockError({ code: "EXECUTION_INVALID", reason: error.message }, { cause: error });
}

function assertSame(field: string, given: bigint | string | undefined, computed: bigint | string | undefined): void {
  if (given === computed) return;
  throw new InvalidBlockError({
    code: "HEADER_FIELD_WRONG",
    field,
    given: String(given),
    computed: String(computed),
  });
}
