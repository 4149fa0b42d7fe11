import type { BlockRef, ChainReader } from "../../chain-view.ts";
import { readBlockHeight, readBlockReference } from "../codec/block-reference.ts";
import { readHash } from "../codec/bytes.ts";
import { readBoolean } from "../codec/object.ts";
import { type Decode, optional, required } from "../codec/parameter.ts";
import { quantity, readQuantity32 } from "../codec/quantity.ts";
import { blockToJson } from "../json/block-json.ts";
import { headerToJson } from "../json/header-json.ts";
import { receiptToJson } from "../json/receipt-json.ts";
import { type Method, type Methods, method } from "../method.ts";

/** What eth_getBlockBy* is asked: which block, and whether its transactions are wanted in full. */
export const blockParameters = (decode: Decode<BlockRef>) => [required(decode), optional(readBoolean, false)] as const;

/** eth_* about blocks and headers. A block that is not there is null. */
export function createBlockMethods(reader: ChainReader): Methods {
  const block = (ref: BlockRef, isFull: boolean): unknown => {
    const found = isFull ? reader.block(ref) : reader.outline(ref);
    return found === undefined ? null : blockToJson(found);
  };
  const header = (ref: BlockRef): unknown => {
    const found = reader.header(ref);
    return found === undefined ? null : headerToJson(found.header, found.hash);
  };
  const transactionCount = (ref: BlockRef): unknown => {
    const found = reader.header(ref);
    return found === undefined ? null : quantity(found.transactionCount);
  };
  return {
    eth_blockNumber: method([], () => quantity(reader.head().header.number)),
    eth_getBlockByNumber: method(blockParameters(readBlockHeight), ([ref, isFull]) => block(ref, isFull)),
    eth_getBlockByHash: method(blockParameters(readHash), ([ref, isFull]) => block(ref, isFull)),
    eth_getHeaderByNumber: method([required(readBlockHeight)], ([ref]) => header(ref)),
    eth_getHeaderByHash: method([required(readHash)], ([ref]) => header(ref)),
    eth_getBlockTransactionCountByNumber: method([required(readBlockHeight)], ([ref]) => transactionCount(ref)),
    eth_getBlockTransactionCountByHash: method([required(readHash)], ([ref]) => transactionCount(ref)),
    eth_getBlockReceipts: method([required(readBlockReference)], ([ref]) => reader.receipts(ref)?.map(receiptToJson)),
    ...uncleMethods(reader),
  };
}

/** There are no uncles since the merge (EIP-3675), but explorers ask. */
function uncleMethods(reader: ChainReader): Methods {
  const count = (ref: BlockRef): unknown => (reader.header(ref) === undefined ? null : quantity(0));
  const nothing = (decode: (value: unknown) => BlockRef): Method =>
    method([required(decode), required(readQuantity32)], () => null);
  return {
    eth_getUncleCountByBlockNumber: method([required(readBlockHeight)], ([ref]) => count(ref)),
    eth_getUncleCountByBlockHash: method([required(readHash)], ([ref]) => count(ref)),
    eth_getUncleByBlockNumberAndIndex: nothing(readBlockHeight),
    eth_getUncleByBlockHashAndIndex: nothing(readHash),
  };
}
