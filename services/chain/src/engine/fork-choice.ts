import { nextBaseFeePerGas } from "@koinon/ethereum/base-fee";
import type { BlockHeader } from "@koinon/ethereum/block-header";
import type { ForkSchedule } from "@koinon/ethereum/fork-schedule";
import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";
import type { ChainHeader } from "../chain-view.ts";
import type { NextBlock } from "../mempool/admission-rules.ts";
import type { Mempool } from "../mempool/mempool.ts";
import type { ChainStore } from "../store/chain-store.ts";
import { nextGasLimit, type PreparedBlock } from "./block-building.ts";
import type { ParentBlock } from "./block-run.ts";
import type { BlockTree } from "./block-tree.ts";
import type { UnexecutedBlock } from "./block-validation.ts";
import type { CanonicalChain, ChainMarks, UndoneBlock } from "./canonical-chain.ts";

/** A way from the chain to a block beside it, the oldest first; empty for a block of the chain. */
export interface Branch {
  /** The last block that branch and chain have in common. */
  readonly ancestor: ParentBlock;
  readonly blocks: readonly (PreparedBlock | UndoneBlock)[];
}

/** What moving the chain takes. */
export interface ForkChoiceDependencies {
  readonly store: ChainStore;
  readonly chain: CanonicalChain;
  readonly tree: BlockTree;
  readonly mempool: Mempool;
  readonly nextBlock: (head: BlockHeader) => NextBlock;
  /** Executes a block that was undone once more. */
  reexecute(block: UnexecutedBlock, parent: ParentBlock): Promise<PreparedBlock>;
}

/** What the block after a header is going to be, as far as it shows. */
export function nextBlockAfter(header: BlockHeader, forks: ForkSchedule, gasLimitTarget: bigint): NextBlock {
  return {
    fork: forks.forkAt(header.timestamp + 1n),
    gasLimit: nextGasLimit(header.gasLimit, gasLimitTarget),
    baseFeePerGas: nextBaseFeePerGas(header),
  };
}

/** Moves the chain to the block that consensus names, and the mempool with it. */
export class ForkChoice {
  private readonly dependencies: ForkChoiceDependencies;

  constructor(dependencies: ForkChoiceDependencies) {
    this.dependencies = dependencies;
  }

  /** The way to a block; undefined when it, or something on the way, is not known, or too old to go back to. */
  find(head: Hex): Branch | undefined {
    const { chain, tree } = this.dependencies;
    const blocks: (PreparedBlock | UndoneBlock)[] = [];
    for (let hash = head; ; ) {
      if (chain.numberOf(hash) !== undefined) {
        const ancestor = chain.parent(hash);
        return ancestor === undefined ? undefined : { ancestor, blocks: blocks.reverse() };
      }
      const prepared = tree.candidate(hash);
      const undone = tree.undoneBlock(hash);
      if (prepared !== undefined) blocks.push(prepared);
      else if (undone !== undefined) blocks.push(undone);
      else return undefined;
      hash = (prepared?.block ?? (undone as UndoneBlock)).header.parentHash;
    }
  }

  /** Makes a branch the chain. Resolves when it is; `durable` resolves when it is on disk. */
  async adopt({ ancestor, blocks }: Branch, marks: ChainMarks): Promise<{ durable: Promise<void> }> {
    const { chain, mempool } = this.dependencies;
    const prepared = await this.prepare(ancestor, blocks);
    const undone = ancestor.hash === chain.head.hash ? [] : await this.revert(ancestor);
    const changed = undone.length === 0 ? changedBy(prepared) : senders(mempool);
    let durable: Promise<void> | undefined;
    for (const [index, block] of prepared.entries()) {
      durable = chain.adopt(block, index === prepared.length - 1 ? marks : noMarks);
      // Its failure is that of every commit behind it, too, and the last one is waited for.
      durable.catch(() => undefined);
    }
    for (const { block } of prepared) this.dependencies.tree.take(block.hash);
    if (prepared.length > 0) mempool.advance(this.dependencies.nextBlock(chain.head.header), changed);
    const included = new Set(prepared.flatMap(({ block }) => block.transactions.map(({ hash }) => hash)));
    mempool.giveBack(undone.flatMap(({ transactions }) => transactions.filter(({ hash }) => !included.has(hash))));
    return { durable: durable ?? chain.mark(marks) };
  }

  private async prepare(
    ancestor: ParentBlock,
    blocks: readonly (PreparedBlock | UndoneBlock)[],
  ): Promise<PreparedBlock[]> {
    const { tree, reexecute } = this.dependencies;
    const prepared: PreparedBlock[] = [];
    for (const block of blocks) {
      if ("candidate" in block) prepared.push(block);
      else {
        const parent = tree.parent(block.header.parentHash) ?? ancestor;
        prepared.push(await reexecute(block, parent));
      }
    }
    return prepared;
  }

  private async revert(ancestor: ParentBlock): Promise<UndoneBlock[]> {
    const { store, chain, tree } = this.dependencies;
    await chain.flush();
    const undone = await chain.revert(store.headerAt(ancestor.header.number) as ChainHeader);
    tree.addUndone(undone.toReversed());
    return undone;
  }
}

const noMarks: ChainMarks = { safe: undefined, finalized: undefined };

function* changedBy(prepared: readonly PreparedBlock[]): Iterable<Address> {
  for (const { block } of prepared) yield* block.changed;
}

/** After a reorganisation everything may differ. */
function senders(mempool: Mempool): Address[] {
  return Array.from(mempool.senders(), ({ address }) => address);
}
