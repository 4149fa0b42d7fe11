import type { Hex } from "@koinon/secp256k1/hex";
import type { PreparedBlock } from "./block-building.ts";
import type { ParentBlock } from "./block-run.ts";
import { asParent, type CanonicalChain, type UndoneBlock } from "./canonical-chain.ts";

/** Why a block will never be on the chain. */
export interface InvalidBlock {
  readonly latestValidHash: Hex | undefined;
  readonly reason: string;
}

/** Bounds of what is remembered beside the chain. */
export interface BlockTreeLimits {
  /** Executed blocks that are not on the chain; each holds its state's differences. */
  readonly candidatesMax: number;
  /** Blocks that were undone, and hashes of blocks that are invalid. */
  readonly rememberedMax: number;
}

/** Blocks beside the chain: executed ones that may still be chosen, undone ones, and those that are known to be invalid. */
export class BlockTree {
  private readonly limits: BlockTreeLimits;
  private readonly chain: CanonicalChain;
  /** In the order of their arrival. */
  private readonly candidates = new Map<Hex, PreparedBlock>();
  private readonly undone = new Map<Hex, UndoneBlock>();
  private readonly invalid = new Map<Hex, InvalidBlock>();

  constructor(limits: BlockTreeLimits, chain: CanonicalChain) {
    this.limits = limits;
    this.chain = chain;
  }

  candidate(hash: Hex): PreparedBlock | undefined {
    return this.candidates.get(hash);
  }

  undoneBlock(hash: Hex): UndoneBlock | undefined {
    return this.undone.get(hash);
  }

  invalidBlock(hash: Hex): InvalidBlock | undefined {
    return this.invalid.get(hash);
  }

  /** A block that another can be executed on: of the chain, or beside it. */
  parent(hash: Hex): ParentBlock | undefined {
    const candidate = this.candidates.get(hash);
    return candidate === undefined ? this.chain.parent(hash) : asParent(candidate);
  }

  /** The hash of the ancestor with this number of a block, which counts as its own ancestor. */
  ancestorHash(hash: Hex, number: bigint): Hex | undefined {
    for (let current: Hex = hash; ; ) {
      const onChain = this.chain.numberOf(current);
      if (onChain !== undefined) return number <= onChain ? this.chain.hashAt(number) : undefined;
      const header = this.candidates.get(current)?.block.header;
      if (header === undefined) return undefined;
      if (header.number === number) return current;
      current = header.parentHash;
    }
  }

  /** Remembers an executed block; the one that came first is forgotten when there are too many. */
  add(prepared: PreparedBlock): void {
    const { hash } = prepared.block;
    if (this.candidates.has(hash)) return;
    this.candidates.set(hash, prepared);
    this.undone.delete(hash);
    for (const [oldest, { candidate }] of this.candidates) {
      if (this.candidates.size <= this.limits.candidatesMax) return;
      this.candidates.delete(oldest);
      candidate.discard();
    }
  }

  /** Takes a block out, because the chain has it now. */
  take(hash: Hex): void {
    this.candidates.delete(hash);
  }

  /** Remembers blocks that were undone. What grew from them has no state to stand on any more and counts as undone too. */
  addUndone(blocks: readonly UndoneBlock[]): void {
    for (const block of blocks) remember(this.undone, block.hash, block, this.limits.rememberedMax);
    // A child comes after its parent.
    for (const { block, candidate } of this.candidates.values()) {
      if (!this.undone.has(block.header.parentHash)) continue;
      remember(this.undone, block.hash, block, this.limits.rememberedMax);
      this.candidates.delete(block.hash);
      candidate.discard();
    }
  }

  addInvalid(hash: Hex, invalid: InvalidBlock): void {
    remember(this.invalid, hash, invalid, this.limits.rememberedMax);
  }
}

function remember<T>(entries: Map<Hex, T>, hash: Hex, entry: T, max: number): void {
  entries.set(hash, entry);
  for (const oldest of entries.keys()) {
    if (entries.size <= max) return;
    entries.delete(oldest);
  }
}
