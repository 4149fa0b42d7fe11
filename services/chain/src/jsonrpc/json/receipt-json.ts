import { bytesToHex } from "@koinon/secp256k1/hex";
import type { ChainLog, ChainReceipt } from "../../chain-view.ts";
import { quantity } from "../codec/quantity.ts";
import { type LogJson, logToJson } from "./log-json.ts";

/** The RPC form of a receipt. */
export function receiptToJson(receipt: ChainReceipt): Record<string, unknown> {
  const { transaction, place } = receipt;
  const { header, hash } = place.block;
  const at = {
    blockHash: hash,
    blockNumber: header.number,
    blockTimestamp: header.timestamp,
    transactionHash: transaction.hash,
    transactionIndex: place.index,
  };
  return {
    blockHash: hash,
    blockNumber: quantity(header.number),
    transactionHash: transaction.hash,
    transactionIndex: quantity(place.index),
    from: transaction.sender,
    to: transaction.transaction.to ?? null,
    gasUsed: quantity(receipt.gasUsed),
    cumulativeGasUsed: quantity(receipt.cumulativeGasUsed),
    contractAddress: receipt.contractAddress ?? null,
    logs: receipt.logs.map((log, index) => logToJson(log, { ...at, logIndex: receipt.firstLogIndex + index })),
    logsBloom: bytesToHex(receipt.bloom),
    type: quantity(transaction.transaction.type),
    effectiveGasPrice: quantity(receipt.effectiveGasPrice),
    status: quantity(receipt.succeeded ? 1 : 0),
  };
}

/** The RPC form of a log of the chain. */
export function chainLogToJson({
  log,
  block,
  transactionHash,
  transactionIndex,
  logIndex,
  removed,
}: ChainLog): LogJson {
  return logToJson(
    log,
    {
      blockHash: block.hash,
      blockNumber: block.header.number,
      blockTimestamp: block.header.timestamp,
      transactionHash,
      transactionIndex,
      logIndex,
    },
    removed,
  );
}
