import type { Block } from "@koinon/ethereum/block";
import { type BlockHeader, blockHash, emptyUnclesHash, zeroNonce } from "@koinon/ethereum/block-header";
import { requestsHash } from "@koinon/ethereum/requests";
import { payloadOf, transactionType } from "@koinon/ethereum/transaction-decode";
import { encodeWithdrawal } from "@koinon/ethereum/withdrawal";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import { orderedRoot } from "@koinon/trie/ordered-root";
import { InvalidBlockError } from "../errors.ts";
import type { ExecutedBlock } from "../executed-block.ts";
import type { ExecutionPayload, ProposedPayload } from "./execution-engine.ts";

/** The header that a payload stands for: roots of its lists are computed, everything else is taken at its word. */
export function payloadHeader({ payload, parentBeaconBlockRoot, requests }: ProposedPayload): BlockHeader {
  return {
    parentHash: payload.parentHash,
    unclesHash: emptyUnclesHash,
    beneficiary: payload.feeRecipient,
    stateRoot: payload.stateRoot,
    transactionsRoot: bytesToHex(orderedRoot(payload.transactions)),
    receiptsRoot: payload.receiptsRoot,
    logsBloom: payload.logsBloom,
    difficulty: 0n,
    number: payload.blockNumber,
    gasLimit: payload.gasLimit,
    gasUsed: payload.gasUsed,
    timestamp: payload.timestamp,
    extraData: payload.extraData,
    prevRandao: payload.prevRandao,
    nonce: zeroNonce,
    baseFeePerGas: payload.baseFeePerGas,
    withdrawalsRoot: bytesToHex(orderedRoot(payload.withdrawals.map(encodeWithdrawal))),
    blobGasUsed: payload.blobGasUsed,
    excessBlobGas: payload.excessBlobGas,
    parentBeaconBlockRoot,
    requestsHash: requests === undefined ? undefined : requestsHash(requests),
  };
}

/** The header of a payload; throws InvalidBlockError when the payload's hash is not its hash. */
export function checkedPayloadHeader(proposed: ProposedPayload): BlockHeader {
  const { payload } = proposed;
  if (payload.extraData.length > 32) {
    throw new InvalidBlockError({ code: "BLOCK_MALFORMED", reason: "extra data longer than 32 bytes" });
  }
  if (payload.transactions.some(({ length }) => length === 0)) {
    throw new InvalidBlockError({ code: "BLOCK_MALFORMED", reason: "empty transaction" });
  }
  const header = payloadHeader(proposed);
  const computed = blockHash(header);
  if (computed !== payload.blockHash) {
    throw new InvalidBlockError({ code: "BLOCK_HASH_WRONG", given: payload.blockHash, computed });
  }
  return header;
}

/** Why a body is not the one that its header names; undefined when it is. */
export function bodyFault({ header, transactions, withdrawals }: Block): InvalidBlockError | undefined {
  const roots = {
    transactionsRoot: bytesToHex(orderedRoot(transactions)),
    withdrawalsRoot: bytesToHex(orderedRoot(withdrawals.map(encodeWithdrawal))),
  };
  for (const [field, computed] of Object.entries(roots)) {
    const given = header[field as keyof typeof roots];
    if (given !== computed) return new InvalidBlockError({ code: "HEADER_FIELD_WRONG", field, given, computed });
  }
  return undefined;
}

/** A block in the form in which it is proposed. */
export function proposedPayload(block: ExecutedBlock): ProposedPayload {
  const { hash, header, transactions, withdrawals, requests } = block;
  const payload: ExecutionPayload = {
    parentHash: header.parentHash,
    feeRecipient: header.beneficiary,
    stateRoot: header.stateRoot,
    receiptsRoot: header.receiptsRoot,
    logsBloom: header.logsBloom,
    prevRandao: header.prevRandao,
    blockNumber: header.number,
    gasLimit: header.gasLimit,
    gasUsed: header.gasUsed,
    timestamp: header.timestamp,
    extraData: header.extraData,
    baseFeePerGas: header.baseFeePerGas,
    blockHash: hash,
    transactions: transactions.map(({ raw }) => raw),
    withdrawals,
    blobGasUsed: header.blobGasUsed,
    excessBlobGas: header.excessBlobGas,
  };
  return {
    payload,
    blobVersionedHashes: blobHashes(block.transactions),
    parentBeaconBlockRoot: header.parentBeaconBlockRoot,
    requests: header.requestsHash === undefined ? undefined : requests,
  };
}

/** Versioned hashes of all blobs of a list of transactions, in order (EIP-4844). */
export function blobHashes(transactions: ExecutedBlock["transactions"]): Hex[] {
  const hashes: Hex[] = [];
  for (const transaction of transactions) {
    if (transactionType(transaction.raw) !== 3) continue;
    const payload = payloadOf(transaction);
    if (payload.type === 3) hashes.push(...payload.blobVersionedHashes);
  }
  return hashes;
}
