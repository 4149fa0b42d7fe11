import { nextBaseFeePerGas } from "@koinon/ethereum/base-fee";
import { logsBloom } from "@koinon/ethereum/bloom";
import type { ChainConfig } from "@koinon/ethereum/chain-config";
import type { StateReader } from "@koinon/ethereum/state-access";
import { type EncodedTransaction, effectiveTip } from "@koinon/ethereum/transaction";
import { payloadOf, recoveredTransaction } from "@koinon/ethereum/transaction-decode";
import { createAddress } from "@koinon/evm/creation";
import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";
import type { AccountProof } from "@koinon/state/account-proof";
import type {
  BlockFees,
  BlockOutline,
  BlockRef,
  ChainBlock,
  ChainHeader,
  ChainReader,
  ChainReceipt,
  FoundTransaction,
} from "../chain-view.ts";
import { ChainError } from "../errors.ts";
import type { ChainStore } from "../store/chain-store.ts";
import { markKeys } from "../store/tables.ts";
import type { StoredTransaction } from "../store/transaction-piece.ts";

/** What the reader reads beside the store. */
export interface StoreReaderDependencies {
  readonly config: ChainConfig;
  readonly store: ChainStore;
  /** A transaction that waits for a block, or for its block to be on disk. */
  waiting(hash: Hex): EncodedTransaction | undefined;
}

/** The chain as it is on disk. */
export class StoreReader implements ChainReader {
  readonly config: ChainConfig;
  readonly genesisHash: Hex;
  private readonly dependencies: StoreReaderDependencies;
  private readonly store: ChainStore;

  constructor(dependencies: StoreReaderDependencies) {
    this.dependencies = dependencies;
    this.config = dependencies.config;
    this.store = dependencies.store;
    this.genesisHash = this.required(0n).hash;
  }

  head(): ChainHeader {
    return this.store.head();
  }

  header(ref: BlockRef): ChainHeader | undefined {
    if (typeof ref === "bigint") return this.store.headerAt(ref);
    switch (ref) {
      case "earliest":
        return this.store.headerAt(0n);
      case "latest":
      case "pending":
        return this.store.head();
      case "safe":
        return this.marked(markKeys.safe);
      case "finalized":
        return this.marked(markKeys.finalized);
      default: {
        const number = this.store.numberOf(ref);
        return number === undefined ? undefined : this.store.headerAt(number);
      }
    }
  }

  block(ref: BlockRef): ChainBlock | undefined {
    const header = this.header(ref);
    if (header === undefined) return undefined;
    const transactions = this.store.transactions(header).map(recoveredTransaction);
    return { ...header, transactions, withdrawals: this.store.withdrawals(header.header.number) };
  }

  outline(ref: BlockRef): BlockOutline | undefined {
    const header = this.header(ref);
    if (header === undefined) return undefined;
    const withdrawals = this.store.withdrawals(header.header.number);
    return { ...header, transactionHashes: this.store.transactionHashes(header), withdrawals };
  }

  rawTransactions(ref: BlockRef): Uint8Array[] | undefined {
    const block = this.header(ref);
    return block && this.store.transactions(block).map(({ raw }) => raw);
  }

  receipts(ref: BlockRef): ChainReceipt[] | undefined {
    const block = this.header(ref);
    return block && this.store.transactions(block).map((stored, index) => receiptOf(block, index, stored));
  }

  receipt(transactionHash: Hex): ChainReceipt | undefined {
    const place = this.store.place(transactionHash);
    return place && receiptOf(place.block, place.index, place.stored);
  }

  transaction(hash: Hex): FoundTransaction | undefined {
    const place = this.store.place(hash);
    if (place !== undefined) return found(place.block, place.index, place.stored);
    const transaction = this.dependencies.waiting(hash);
    return transaction && { transaction: recoveredTransaction(transaction), place: undefined };
  }

  transactionAt(ref: BlockRef, index: number): FoundTransaction | undefined {
    const block = this.header(ref);
    const stored = block && this.store.transactionAt(block, index);
    return block && stored && found(block, index, stored);
  }

  fees(ref: BlockRef): BlockFees | undefined {
    const block = this.header(ref);
    if (block === undefined) return undefined;
    const tips = this.store.transactions(block).map((stored) => ({
      tip: effectiveTip(payloadOf(stored), block.header.baseFeePerGas),
      gasUsed: stored.gasUsed,
    }));
    return { block, nextBaseFeePerGas: nextBaseFeePerGas(block.header), tips };
  }

  stateAt(ref: BlockRef): StateReader {
    // By number, so that a state which is no longer kept is told from a block that never was.
    return this.store.state.at(this.required(ref).header.number);
  }

  proof(address: Address, slots: readonly bigint[], ref: BlockRef): AccountProof {
    return this.store.state.proof(address, slots, this.required(ref).header.number);
  }

  private required(ref: BlockRef): ChainHeader {
    const header = this.header(ref);
    if (header === undefined) throw new ChainError({ code: "BLOCK_UNKNOWN", block: String(ref) });
    return header;
  }

  private marked(key: Uint8Array): ChainHeader | undefined {
    const number = this.store.mark(key);
    return number === undefined ? undefined : this.store.headerAt(number);
  }
}

function found(block: ChainHeader, index: number, stored: StoredTransaction): FoundTransaction {
  return { transaction: recoveredTransaction(stored), place: { block, index } };
}

function receiptOf(block: ChainHeader, index: number, stored: StoredTransaction): ChainReceipt {
  const transaction = recoveredTransaction(stored);
  const { to, nonce } = transaction.transaction;
  const { succeeded, gasUsed, cumulativeGasUsed, logs, firstLogIndex, sender } = stored;
  const { baseFeePerGas } = block.header;
  return {
    transaction,
    place: { block, index },
    succeeded,
    gasUsed,
    cumulativeGasUsed,
    effectiveGasPrice: baseFeePerGas + effectiveTip(transaction.transaction, baseFeePerGas),
    contractAddress: to === undefined ? createAddress(sender, nonce) : undefined,
    logs,
    bloom: logsBloom(logs),
    firstLogIndex,
  };
}
