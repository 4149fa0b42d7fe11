import { type BlockHeader, encodeHeader, readHeader } from "./block-header.ts";
import { EthereumError } from "./fault.ts";
import { encodeRlp, encodeRlpList } from "./rlp.ts";
import { RlpReader } from "./rlp-reader.ts";
import { readRawTransaction } from "./transaction-decode.ts";
import { encodeWithdrawal, readWithdrawal, type Withdrawal } from "./withdrawal.ts";

/** What a block holds besides its header; there have been no uncles since the merge (EIP-3675). */
export interface BlockBody {
  /** Canonical EIP-2718 bytes. */
  readonly transactions: readonly Uint8Array[];
  readonly withdrawals: readonly Withdrawal[];
}

/** A block. */
export interface Block extends BlockBody {
  readonly header: BlockHeader;
}

/** Most bytes of a block's RLP from Osaka on (EIP-7934). */
export const blockBytesMax = 8_388_608;

const noItems = Uint8Array.of(0xc0);

/** A block's RLP: header, transactions, uncles, withdrawals. Its length is what EIP-7934 bounds. */
export function encodeBlock({ header, transactions, withdrawals }: Block): Uint8Array {
  return encodeRlpList([encodeHeader(header), ...bodyItems({ transactions, withdrawals })]);
}

/** A body's RLP: transactions, uncles, withdrawals. */
export function encodeBlockBody(body: BlockBody): Uint8Array {
  return encodeRlpList(bodyItems(body));
}

/** Decodes a block; transactions are views that were not looked into. Throws EthereumError. */
export function decodeBlock(bytes: Uint8Array): Block {
  const reader = new RlpReader(bytes);
  const items = reader.list();
  reader.finish();
  const header = readHeader(items.list());
  return { header, ...readBody(items) };
}

/** Decodes a body; throws like `decodeBlock`. */
export function decodeBlockBody(bytes: Uint8Array): BlockBody {
  const reader = new RlpReader(bytes);
  const items = reader.list();
  reader.finish();
  return readBody(items);
}

function bodyItems({ transactions, withdrawals }: BlockBody): [Uint8Array, Uint8Array, Uint8Array] {
  // Typed transactions are opaque strings in the list, legacy ones are lists themselves (EIP-2718).
  const items = transactions.map((raw) => ((raw[0] as number) >= 0xc0 ? raw : encodeRlp(raw)));
  return [encodeRlpList(items), noItems, encodeRlpList(withdrawals.map(encodeWithdrawal))];
}

function readBody(items: RlpReader): BlockBody {
  const transactionList = items.list();
  const transactions: Uint8Array[] = [];
  while (!transactionList.isDone()) transactions.push(readRawTransaction(transactionList));
  if (!items.list().isDone()) throw new EthereumError({ code: "BLOCK_UNCLES_PRESENT" });
  const withdrawalList = items.list();
  const withdrawals: Withdrawal[] = [];
  while (!withdrawalList.isDone()) withdrawals.push(readWithdrawal(withdrawalList));
  items.finish();
  return { transactions, withdrawals };
}
