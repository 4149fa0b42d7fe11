import { encodeBlock } from "@koinon/ethereum/block";
import { encodeHeader } from "@koinon/ethereum/block-header";
import { encodeReceipt } from "@koinon/ethereum/receipt";
import { bytesToHex } from "@koinon/secp256k1/hex";
import type { BlockRef, ChainReader } from "../../chain-view.ts";
import { readBlockReference } from "../codec/block-reference.ts";
import { readHash } from "../codec/bytes.ts";
import { required } from "../codec/parameter.ts";
import { type Methods, method } from "../method.ts";
import { requiredBlock, requiredHeader } from "../required-block.ts";

/** debug_getRaw*: the encodings that hashes and roots are made of. */
export function createRawMethods(reader: ChainReader): Methods {
  const block = required(readBlockReference);
  return {
    debug_getRawHeader: method([block], ([ref]) => bytesToHex(encodeHeader(requiredHeader(reader, ref).header))),
    debug_getRawBlock: method([block], ([ref]) => {
      const { header, transactions, withdrawals } = requiredBlock(reader, ref);
      return bytesToHex(encodeBlock({ header, transactions: transactions.map(({ raw }) => raw), withdrawals }));
    }),
    debug_getRawReceipts: method([block], ([ref]) => rawReceipts(reader, ref)),
    debug_getRawTransaction: method([required(readHash)], ([hash]) => {
      const found = reader.transaction(hash);
      return found === undefined ? "0x" : bytesToHex(found.transaction.raw);
    }),
  };
}

function rawReceipts(reader: ChainReader, ref: BlockRef): string[] {
  const { hash } = requiredHeader(reader, ref);
  return (reader.receipts(hash) ?? []).map((receipt) =>
    bytesToHex(encodeReceipt({ ...receipt, type: receipt.transaction.transaction.type })),
  );
}
