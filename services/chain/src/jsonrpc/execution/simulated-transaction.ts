import { keccakHex } from "@koinon/ethereum/hash";
import type { Transaction, TransactionPayload } from "@koinon/ethereum/transaction";
import { encodeTransaction } from "@koinon/ethereum/transaction-encode";
import { zeroAddress } from "@koinon/secp256k1/address";
import type { CallMessage } from "../../chain-view.ts";
import type { ShownTransaction } from "../json/transaction-json.ts";
import { invalidParams } from "../json-rpc-error.ts";

/** What a message that is no transaction yet takes from its surroundings. */
export interface MessageDefaults {
  readonly chainId: bigint;
  readonly nonce: bigint;
  readonly gas: bigint;
}

/** The transaction that a message would be: set code with authorizations, legacy with a gas price, dynamic fee otherwise. */
export function messageToPayload(message: CallMessage, defaults: MessageDefaults): TransactionPayload {
  const base = {
    nonce: message.nonce ?? defaults.nonce,
    gasLimit: message.gas ?? defaults.gas,
    value: message.value ?? 0n,
    data: message.data ?? new Uint8Array(0),
  };
  const { to, gasPrice, authorizationList } = message;
  const { chainId } = defaults;
  const accessList = message.accessList ?? [];
  if (gasPrice !== undefined && authorizationList === undefined) {
    return accessList.length === 0
      ? { type: 0, ...base, chainId, to, gasPrice }
      : { type: 1, ...base, chainId, to, gasPrice, accessList };
  }
  const maxFeePerGas = message.maxFeePerGas ?? gasPrice ?? 0n;
  const maxPriorityFeePerGas = message.maxPriorityFeePerGas ?? gasPrice ?? 0n;
  const fees = { chainId, accessList, maxFeePerGas, maxPriorityFeePerGas };
  if (authorizationList === undefined) return { type: 2, ...base, ...fees, to };
  if (to === undefined) throw invalidParams("EIP-7702 transaction cannot be used to create contract");
  return { type: 4, ...base, ...fees, to, authorizationList };
}

/** A simulated transaction as it is shown: signed by nobody, from whoever the caller says. */
export function createUnsignedTransaction(
  payload: TransactionPayload,
  from: CallMessage["from"],
): ShownTransaction & { readonly raw: Uint8Array } {
  const transaction: Transaction = { ...payload, signature: { yParity: 0, r: 0n, s: 0n } };
  const raw = encodeTransaction(transaction);
  return { transaction, raw, hash: keccakHex(raw), sender: from ?? zeroAddress };
}
