import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";
import { hexToWord, toWord, type Word } from "./word.ts";

/** What code and transactions see of the block that they run in. */
export interface BlockContext {
  readonly number: bigint;
  /** Seconds since the epoch. */
  readonly timestamp: bigint;
  readonly gasLimit: bigint;
  /** Who gets the priority fees. */
  readonly beneficiary: Address;
  /** EIP-4399. */
  readonly prevRandao: Hex;
  /** Wei per gas (EIP-1559). */
  readonly baseFeePerGas: bigint;
  /** Wei per blob gas (EIP-4844). */
  readonly baseFeePerBlobGas: bigint;
  /** The hash of one of the 256 blocks before this one; undefined when there is none. */
  readonly blockHash: (number: bigint) => Hex | undefined;
}

/** A block context as words. */
export interface BlockWords {
  readonly context: BlockContext;
  readonly chainId: Word;
  readonly number: Word;
  readonly timestamp: Word;
  readonly gasLimit: Word;
  readonly coinbase: Word;
  readonly prevRandao: Word;
  readonly baseFee: Word;
  readonly blobBaseFee: Word;
}

/** What code sees of the transaction that it runs in. */
export interface TransactionWords {
  readonly origin: Word;
  /** Wei per gas, as paid. */
  readonly gasPrice: Word;
  readonly blobHashes: readonly Hex[];
}

/** Prepares a block context for the machine. */
export function createBlockWords(context: BlockContext, chainId: bigint): BlockWords {
  return {
    context,
    chainId: toWord(chainId),
    number: toWord(context.number),
    timestamp: toWord(context.timestamp),
    gasLimit: toWord(context.gasLimit),
    coinbase: hexToWord(context.beneficiary),
    prevRandao: hexToWord(context.prevRandao),
    baseFee: toWord(context.baseFeePerGas),
    blobBaseFee: toWord(context.baseFeePerBlobGas),
  };
}
