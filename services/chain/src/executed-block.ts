import type { BlockHeader } from "@koinon/ethereum/block-header";
import type { Log } from "@koinon/ethereum/log";
import type { EncodedTransaction } from "@koinon/ethereum/transaction";
import type { Withdrawal } from "@koinon/ethereum/withdrawal";
import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";

/** What a transaction did, as far as it does not follow from the transaction and its block. */
export interface TransactionOutcome {
  readonly succeeded: boolean;
  readonly gasUsed: bigint;
  readonly logs: readonly Log[];
}

/** A block with its hash and what it did. */
export interface ExecutedBlock {
  readonly hash: Hex;
  readonly header: BlockHeader;
  readonly transactions: readonly EncodedTransaction[];
  readonly withdrawals: readonly Withdrawal[];
  /** By transaction. */
  readonly outcomes: readonly TransactionOutcome[];
  /** EIP-7685, without the empty ones. */
  readonly requests: readonly Uint8Array[];
  /** Bytes of the block's RLP. */
  readonly sizeBytes: number;
  /** Accounts that differ from the parent's state. */
  readonly changed: Iterable<Address>;
}
