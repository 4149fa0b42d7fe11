import type { Address } from "@koinon/secp256k1/address";
import { encodeRlp } from "./rlp.ts";
import type { RlpReader } from "./rlp-reader.ts";

/** Native coin that consensus credits to an account (EIP-4895). */
export interface Withdrawal {
  /** Counts all withdrawals of the chain. */
  readonly index: bigint;
  readonly validatorIndex: bigint;
  readonly address: Address;
  /** Gwei. */
  readonly amountGwei: bigint;
}

/** Wei in a gwei. */
export const weiPerGwei = 1_000_000_000n;

/** A withdrawal's RLP: what the withdrawals trie holds and a block body lists. */
export function encodeWithdrawal({ index, validatorIndex, address, amountGwei }: Withdrawal): Uint8Array {
  return encodeRlp([index, validatorIndex, address, amountGwei]);
}

/** Reads one withdrawal of a list; throws EthereumError. */
export function readWithdrawal(list: RlpReader): Withdrawal {
  const fields = list.list();
  const withdrawal: Withdrawal = {
    index: fields.integer(8),
    validatorIndex: fields.integer(8),
    address: fields.hex(20),
    amountGwei: fields.integer(8),
  };
  fields.finish();
  return withdrawal;
}
