import { encodeBlock } from "@koinon/ethereum/block";
import { encodeHeader } from "@koinon/ethereum/block-header";
import { encodeReceipt } from "@koinon/ethereum/receipt";
import { bytesToHex } from "@koinon/secp256k1/hex";
import type { ChainReader, ChainReceipt } from "../../chain-view.ts";
import { readBlockReference } from "../codec/block-reference.ts";
import { readHash } from "../codec/bytes.ts";
import { required } from "../codec/parameter.ts";
import { type Methods, method } from "../method.ts";

/** debug_getRaw*: the encodings that hashes and roots are made of. */
export function createRawMethods(reader: ChainReader): Methods {
  const block = required(readBlockReference);
  return {
    debug_getRawHeader: method([block], ([ref]) => {
      const found = reader.header(ref);
      return found === undefined ? "0x" : bytesToHex(encodeHeader(found.header));
    }),
    debug_getRawBlock: method([block], ([ref]) => {
      const found = reader.block(ref);
      if (found === undefined) return "0x";
      const { header, transactions, withdrawals } = found;
      return bytesToHex(encodeBlock({ header, transactions: transactions.map(({ raw }) => raw), withdrawals }));
    }),
    debug_getRawReceipts: method([block], ([ref]) => reader.receipts(ref)?.map(rawReceipt)),
    debug_getRawTransaction: method([required(readHash)], ([hash]) => {
      const found = reader.transaction(hash);
      return found === undefined ? "0x" : bytesToHex(found.transaction.raw);
    }),
  };
}

function rawReceipt(receipt: ChainReceipt): string {
  return bytesToHex(encodeReceipt({ ...receipt, type: receipt.transaction.transaction.type }));
}
