import { EthereumError } from "@koinon/ethereum/fault";
import type { StateReader } from "@koinon/ethereum/state-access";
import type { TransactionPayload } from "@koinon/ethereum/transaction";
import type { ExecutionRequest } from "@koinon/evm/block-execution";
import { zeroAddress } from "@koinon/secp256k1/address";
import type { CallMessage } from "../chain-view.ts";

const noBytes = new Uint8Array(0);

/**
 * A message in the form in which it is executed: of the least type that has the fields that are given. Throws EthereumError when no
 * type is like that.
 */
export function callRequest(
  message: CallMessage,
  { state, chainId, gasLimit }: { readonly state: StateReader; readonly chainId: bigint; readonly gasLimit: bigint },
): ExecutionRequest {
  const sender = message.from ?? zeroAddress;
  const base = {
    nonce: message.nonce ?? state.account(sender)?.nonce ?? 0n,
    gasLimit,
    value: message.value ?? 0n,
    data: message.data ?? noBytes,
  };
  return { sender, checks: "call", transaction: payloadOf(message, base, chainId) };
}

type Base = Pick<TransactionPayload, "nonce" | "gasLimit" | "value" | "data">;

function payloadOf(message: CallMessage, base: Base, chainId: bigint): TransactionPayload {
  const { to, gasPrice = 0n, accessList = [], authorizationList } = message;
  const { maxFeePerGas, maxPriorityFeePerGas } = message;
  const listed = { ...base, chainId, accessList };
  // What names a gas price pays it, which a dynamic fee of as much does too.
  const fees = {
    maxFeePerGas: maxFeePerGas ?? message.gasPrice ?? 0n,
    maxPriorityFeePerGas: maxPriorityFeePerGas ?? message.gasPrice ?? 0n,
  };
  if (authorizationList !== undefined) {
    if (to === undefined) throw new EthereumError({ code: "TRANSACTION_RECIPIENT_MISSING", type: 4 });
    return { ...listed, ...fees, type: 4, to, authorizationList };
  }
  if (maxFeePerGas !== undefined || maxPriorityFeePerGas !== undefined) return { ...listed, ...fees, type: 2, to };
  if (message.accessList !== undefined) return { ...listed, type: 1, to, gasPrice };
  return { ...base, type: 0, chainId: undefined, to, gasPrice };
}
