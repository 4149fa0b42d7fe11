import { TransactionError } from "@koinon/evm/fault";
import { bytesToHex } from "@koinon/secp256k1/hex";
import type {
  BlockRef,
  CallMessage,
  CallOutcome,
  ChainExecution,
  ExecutionPlace,
  ExecutionView,
  GasEstimate,
  StateOverrides,
} from "../../chain-view.ts";
import { assertChain } from "../codec/assert-chain.ts";
import { readBlockReference } from "../codec/block-reference.ts";
import { type ChainMessage, readCallMessage } from "../codec/call-message.ts";
import { readBlockOverrides, readStateOverrides } from "../codec/overrides.ts";
import { optional, required } from "../codec/parameter.ts";
import { quantity } from "../codec/quantity.ts";
import { createAccessList } from "../execution/access-list.ts";
import { assertSucceeded, failureError, failureMessage } from "../execution-failure.ts";
import { transactionMessage } from "../fault-translation.ts";
import { accessListToJson } from "../json/transaction-json.ts";
import { serverError } from "../json-rpc-error.ts";
import { type Methods, method } from "../method.ts";
import { requiredHeader } from "../required-block.ts";

/** eth_call and its kin: execution that leaves nothing behind. */
export function createCallMethods({ reader, execution }: ExecutionView): Methods {
  const message = required(readCallMessage);
  const block = optional(readBlockReference, "latest");
  const stateOverrides = optional(readStateOverrides);
  const blockOverrides = optional(readBlockOverrides);
  const checked = (given: ChainMessage): CallMessage => assertChain(given, reader.config.chainId);
  const placeAt = (ref: BlockRef, state: StateOverrides | undefined): ExecutionPlace => ({
    at: requiredHeader(reader, ref).hash,
    state,
  });
  return {
    eth_call: method([message, block, stateOverrides, blockOverrides], async ([given, ref, state, overrides]) => {
      const outcome = await called(execution, checked(given), { ...placeAt(ref, state), block: overrides });
      assertSucceeded(outcome);
      return bytesToHex(outcome.output);
    }),
    eth_estimateGas: method(
      [message, block, stateOverrides, blockOverrides],
      async ([given, ref, state, overrides]) => {
        const estimate = await estimated(execution, checked(given), { ...placeAt(ref, state), block: overrides });
        if ("gas" in estimate) return quantity(estimate.gas);
        const { failure, output, gasUsed } = estimate.failed;
        if (failure === "OUT_OF_GAS") throw serverError(`gas required exceeds allowance (${gasUsed})`);
        throw failureError(failure ?? "REVERTED", output);
      },
    ),
    eth_createAccessList: method([message, block, stateOverrides], async ([given, ref, state]) => {
      const { accessList, outcome } = await createAccessList(execution, checked(given), placeAt(ref, state), reader);
      return {
        accessList: accessListToJson(accessList),
        gasUsed: quantity(outcome.gasUsed),
        ...(outcome.failure === undefined ? {} : { error: failureMessage(outcome.failure, outcome.output) }),
      };
    }),
  };
}

/** A call; one that can not be executed is refused with the gas that it had, as in geth. */
async function called(execution: ChainExecution, message: CallMessage, place: ExecutionPlace): Promise<CallOutcome> {
  try {
    return await execution.call(message, place);
  } catch (error) {
    if (!(error instanceof TransactionError)) throw error;
    const { callGasMax } = execution;
    const isBounded = message.gas === undefined || message.gas > callGasMax;
    const supplied = isBounded ? callGasMax : message.gas;
    throw serverError(`err: ${transactionMessage(error.fault)} (supplied gas ${supplied})`);
  }
}

/** An estimate; what not even all gas that can be paid begins with is refused by that, as in geth. */
async function estimated(execution: ChainExecution, message: CallMessage, place: ExecutionPlace): Promise<GasEstimate> {
  try {
    return await execution.estimate(message, place);
  } catch (error) {
    if (!(error instanceof TransactionError)) throw error;
    const { fault } = error;
    if (fault.code === "INSUFFICIENT_FUNDS" && offersFee(message)) throw serverError("insufficient funds for transfer");
    const isTooLittle = fault.code === "INTRINSIC_GAS_TOO_LOW" || fault.code === "FLOOR_DATA_GAS_TOO_LOW";
    throw isTooLittle ? serverError(`gas required exceeds allowance (${fault.gasLimit})`) : error;
  }
}

function offersFee({ gasPrice = 0n, maxFeePerGas = 0n }: CallMessage): boolean {
  return gasPrice > 0n || maxFeePerGas > 0n;
}
