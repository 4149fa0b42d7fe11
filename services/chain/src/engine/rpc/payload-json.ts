import type { Withdrawal } from "@koinon/ethereum/withdrawal";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import { readAddress, readBytes, readHash } from "../../jsonrpc/codec/bytes.ts";
import { ObjectReader, readList } from "../../jsonrpc/codec/object.ts";
import { quantity, readQuantity, readQuantity64 } from "../../jsonrpc/codec/quantity.ts";
import { malformed } from "../../jsonrpc/codec/value-error.ts";
import { readWithdrawal } from "../../jsonrpc/codec/withdrawal.ts";
import { withdrawalToJson } from "../../jsonrpc/json/block-json.ts";
import type { ExecutionPayload } from "../execution-engine.ts";

/** Far above what a block of 8 MiB can hold. */
const itemsMax = 1_048_576;

/** ExecutionPayloadV3 as JSON. */
export function payloadToJson(payload: ExecutionPayload): object {
  return {
    parentHash: payload.parentHash,
    feeRecipient: payload.feeRecipient,
    stateRoot: payload.stateRoot,
    receiptsRoot: payload.receiptsRoot,
    logsBloom: bytesToHex(payload.logsBloom),
    prevRandao: payload.prevRandao,
    blockNumber: quantity(payload.blockNumber),
    gasLimit: quantity(payload.gasLimit),
    gasUsed: quantity(payload.gasUsed),
    timestamp: quantity(payload.timestamp),
    extraData: bytesToHex(payload.extraData),
    baseFeePerGas: quantity(payload.baseFeePerGas),
    blockHash: payload.blockHash,
    transactions: payload.transactions.map(bytesToHex),
    withdrawals: payload.withdrawals.map(withdrawalToJson),
    blobGasUsed: quantity(payload.blobGasUsed),
    excessBlobGas: quantity(payload.excessBlobGas),
  };
}

/** Reads ExecutionPayloadV3; throws ValueError. */
export function readPayload(value: unknown): ExecutionPayload {
  const reader = new ObjectReader(value, "execution payload");
  return {
    parentHash: reader.required("parentHash", readHash),
    feeRecipient: reader.required("feeRecipient", readAddress),
    stateRoot: reader.required("stateRoot", readHash),
    receiptsRoot: reader.required("receiptsRoot", readHash),
    logsBloom: reader.required("logsBloom", readBloom),
    prevRandao: reader.required("prevRandao", readHash),
    blockNumber: reader.required("blockNumber", readQuantity64),
    gasLimit: reader.required("gasLimit", readQuantity64),
    gasUsed: reader.required("gasUsed", readQuantity64),
    timestamp: reader.required("timestamp", readQuantity64),
    extraData: reader.required("extraData", readBytes),
    baseFeePerGas: reader.required("baseFeePerGas", readQuantity),
    blockHash: reader.required("blockHash", readHash),
    transactions: reader.required("transactions", readList(readBytes, itemsMax)),
    withdrawals: reader.required("withdrawals", readWithdrawals),
    blobGasUsed: reader.required("blobGasUsed", readQuantity64),
    excessBlobGas: reader.required("excessBlobGas", readQuantity64),
  };
}

/** Reads a list of WithdrawalV1. */
export const readWithdrawals: (value: unknown) => Withdrawal[] = readList(readWithdrawal, itemsMax);

/** Reads a list of hashes. */
export const readHashes: (value: unknown) => Hex[] = readList(readHash, itemsMax);

/** Reads EIP-7685 requests: by type, each once, none without data. */
export function readRequests(value: unknown): Uint8Array[] {
  const requests = readList(readBytes, 256)(value);
  for (const [index, request] of requests.entries()) {
    if (request.length < 2) throw malformed("a request without data");
    const before = requests[index - 1];
    if (before !== undefined && (before[0] as number) >= (request[0] as number)) {
      throw malformed("requests are not in the order of their types");
    }
  }
  return requests;
}

function readBloom(value: unknown): Uint8Array {
  const bytes = readBytes(value);
  if (bytes.length !== 256) throw malformed("a bloom has 256 bytes");
  return bytes;
}
