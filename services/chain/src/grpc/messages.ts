import type {
  BlockHeader as BlockHeaderMessage,
  GetProofResponse,
  GetReceiptResponse,
  Log as LogMessage,
  TransactionPlace as TransactionPlaceMessage,
} from "@koinon/contracts/koinon/chain/v1/chain_service";
import { encodeHeader } from "@koinon/ethereum/block-header";
import { wordToBytes } from "@koinon/ethereum/word";
import { hexToBytes } from "@koinon/secp256k1/hex";
import type { AccountProof } from "@koinon/state/account-proof";
import type { ChainHeader, ChainLog, ChainReceipt, TransactionPlace } from "../chain-view.ts";
import { amountBytes } from "./values.ts";

/** A header as a message. */
export function headerMessage({ hash, header, transactionCount }: ChainHeader): BlockHeaderMessage {
  return {
    hash: hexToBytes(hash),
    number: header.number,
    parentHash: hexToBytes(header.parentHash),
    timestamp: header.timestamp,
    stateRoot: hexToBytes(header.stateRoot),
    gasUsed: header.gasUsed,
    transactionCount,
    rlp: encodeHeader(header),
  };
}

/** A place as a message. */
export function placeMessage({ block, index }: TransactionPlace): TransactionPlaceMessage {
  return { blockHash: hexToBytes(block.hash), blockNumber: block.header.number, index };
}

/** A log as a message. */
export function logMessage({
  log,
  transactionHash,
  transactionIndex,
  logIndex,
}: Omit<ChainLog, "removed">): LogMessage {
  return {
    address: hexToBytes(log.address),
    topics: log.topics.map(hexToBytes),
    data: log.data,
    transactionHash: hexToBytes(transactionHash),
    transactionIndex,
    logIndex,
  };
}

/** A receipt as a message. */
export function receiptMessage(receipt: ChainReceipt): GetReceiptResponse {
  const { transaction, place, succeeded, gasUsed, effectiveGasPrice, contractAddress, logs, firstLogIndex } = receipt;
  const { block, index: transactionIndex } = place;
  const transactionHash = transaction.hash;
  return {
    place: placeMessage(place),
    succeeded,
    gasUsed,
    effectiveGasPrice: amountBytes(effectiveGasPrice),
    contractAddress: contractAddress === undefined ? new Uint8Array(0) : hexToBytes(contractAddress),
    logs: logs.map((log, index) =>
      logMessage({ log, block, transactionHash, transactionIndex, logIndex: firstLogIndex + index }),
    ),
  };
}

/** A proof as a message. */
export function proofMessage(header: ChainHeader, proof: AccountProof): GetProofResponse {
  return {
    header: headerMessage(header),
    nonce: proof.nonce,
    balance: amountBytes(proof.balance),
    codeHash: hexToBytes(proof.codeHash),
    storageRoot: hexToBytes(proof.storageHash),
    accountProof: [...proof.accountProof],
    slots: proof.storageProof.map(({ slot, value, proof: nodes }) => ({
      slot: wordToBytes(slot),
      value: amountBytes(value),
      proof: [...nodes],
    })),
  };
}
