import type { Withdrawal } from "@koinon/ethereum/withdrawal";
import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";
import type { BlockOutline, ChainBlock, FoundTransaction } from "../../chain-view.ts";
import { quantity } from "../codec/quantity.ts";
import { headerToJson } from "./header-json.ts";
import { type TransactionPlace, transactionToJson } from "./transaction-json.ts";

/** The RPC form of a block, with its transactions in full or their hashes. */
export function blockToJson(block: ChainBlock | BlockOutline): Record<string, unknown> {
  const { hash, header } = block;
  return {
    ...headerToJson(header, hash),
    size: quantity(block.sizeBytes),
    transactions:
      "transactionHashes" in block
        ? block.transactionHashes
        : block.transactions.map((transaction, index) => transactionToJson(transaction, placeOf(block, index))),
    uncles: [],
    withdrawals: block.withdrawals.map(withdrawalToJson),
  };
}

/** The RPC form of a transaction of the chain or of the pool. */
export function foundTransactionToJson({ transaction, place }: FoundTransaction): Record<string, unknown> {
  return transactionToJson(transaction, place === undefined ? undefined : placeOf(place.block, place.index));
}

function placeOf({ hash, header }: Pick<ChainBlock, "hash" | "header">, index: number): TransactionPlace {
  return {
    blockHash: hash,
    blockNumber: header.number,
    transactionIndex: index,
    baseFeePerGas: header.baseFeePerGas,
  };
}

/** The RPC form of a withdrawal (EIP-4895); the amount is in gwei. */
export function withdrawalToJson({ index, validatorIndex, address, amountGwei }: Withdrawal): {
  index: Hex;
  validatorIndex: Hex;
  address: Address;
  amount: Hex;
} {
  return {
    index: quantity(index),
    validatorIndex: quantity(validatorIndex),
    address,
    amount: quantity(amountGwei),
  };
}
