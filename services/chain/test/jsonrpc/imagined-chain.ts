import { type BlockHeader, emptyTrieRoot, emptyUnclesHash, zeroNonce } from "@koinon/ethereum/block-header";
import { zeroAddress } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";
import type { BlockFees, BlockRef, ChainHeader } from "../../src/chain-view.ts";

const zeroHash: Hex = `0x${"00".repeat(32)}`;

/** Blocks that are nothing but numbers, names and tips; for what follows a chain without looking into it. */
export class ImaginedChain {
  #blocks: { readonly name: string; readonly tips: readonly bigint[] }[] = [];

  constructor(...names: readonly string[]) {
    this.extend(...names);
  }

  /** Adds blocks. */
  extend(...names: readonly string[]): void {
    this.#blocks.push(...names.map((name) => ({ name, tips: [] })));
  }

  /** Adds a block whose transactions pay these tips. */
  addPaid(name: string, ...tips: readonly bigint[]): void {
    this.#blocks.push({ name, tips });
  }

  /** Takes the newest blocks back, and adds others. */
  reorganise(undone: number, ...names: readonly string[]): void {
    this.#blocks = this.#blocks.slice(0, -undone);
    this.extend(...names);
  }

  head(): ChainHeader {
    return this.#header(this.#blocks.length - 1);
  }

  header(ref: BlockRef): ChainHeader | undefined {
    const number = Number(ref);
    return this.#blocks[number] === undefined ? undefined : this.#header(number);
  }

  fees(ref: BlockRef): BlockFees | undefined {
    const block = this.#blocks[Number(ref)];
    if (block === undefined) return undefined;
    const tips = block.tips.map((tip) => ({ tip, gasUsed: 21_000n }));
    return { block: this.#header(Number(ref)), nextBaseFeePerGas: 7n, tips };
  }

  #header(number: number): ChainHeader {
    const hash: Hex = `0x${Buffer.from(this.#blocks[number]?.name ?? "")
      .toString("hex")
      .padStart(64, "0")}`;
    return { hash, header: { ...header, number: BigInt(number) }, transactionCount: 0, sizeBytes: 0 };
  }
}

/** The name of an imagined block. */
export function nameOf(hash: Hex): string {
  return Buffer.from(hash.slice(2), "hex").toString().replaceAll("\0", "");
}

const header: BlockHeader = {
  parentHash: zeroHash,
  unclesHash: emptyUnclesHash,
  beneficiary: zeroAddress,
  stateRoot: zeroHash,
  transactionsRoot: emptyTrieRoot,
  receiptsRoot: emptyTrieRoot,
  logsBloom: new Uint8Array(256),
  difficulty: 0n,
  number: 0n,
  gasLimit: 30_000_000n,
  gasUsed: 0n,
  timestamp: 0n,
  extraData: new Uint8Array(0),
  prevRandao: zeroHash,
  nonce: zeroNonce,
  baseFeePerGas: 7n,
  withdrawalsRoot: emptyTrieRoot,
  blobGasUsed: 0n,
  excessBlobGas: 0n,
  parentBeaconBlockRoot: zeroHash,
  requestsHash: undefined,
};
