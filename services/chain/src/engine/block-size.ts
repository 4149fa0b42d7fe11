import { type BlockHeader, encodeHeader } from "@koinon/ethereum/block-header";
import { encodeWithdrawal, type Withdrawal } from "@koinon/ethereum/withdrawal";

const noUnclesBytes = 1;

/** Bytes of a block's RLP, which EIP-7934 bounds, without writing it. */
export function blockSize(
  header: BlockHeader,
  transactions: readonly Uint8Array[],
  withdrawals: readonly Withdrawal[],
): number {
  const withdrawalBytes = withdrawals.reduce((sum, withdrawal) => sum + encodeWithdrawal(withdrawal).length, 0);
  const transactionBytes = transactions.reduce((sum, raw) => sum + transactionItemBytes(raw), 0);
  return itemBytes(
    encodeHeader(header).length + itemBytes(transactionBytes) + noUnclesBytes + itemBytes(withdrawalBytes),
  );
}

/** Bytes that a transaction takes in a block: legacy ones are lists already, typed ones are strings in the list (EIP-2718). */
export function transactionItemBytes(raw: Uint8Array): number {
  return (raw[0] as number) >= 0xc0 ? raw.length : itemBytes(raw.length);
}

/** Bytes of a list or of a string of more than one byte with so many bytes in it. */
function itemBytes(payload: number): number {
  if (payload < 56) return payload + 1;
  let lengthBytes = 1;
  for (let rest = payload >> 8; rest > 0; rest >>= 8) lengthBytes++;
  return payload + 1 + lengthBytes;
}
