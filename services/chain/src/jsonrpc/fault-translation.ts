import { DomainError } from "@koinon/errors/domain-error";
import type { EthereumFault } from "@koinon/ethereum/fault";
import { EthereumError } from "@koinon/ethereum/fault";
import { TransactionError, type TransactionFault } from "@koinon/evm/fault";
import { StateError } from "@koinon/state/state-error";
import type { SubmitRejection } from "../chain-view.ts";
import { ChainError } from "../errors.ts";
import { IngestError } from "../ingest/ingest-error.ts";
import { rejectionMessage } from "../mempool/rejection.ts";
import { ValueError } from "./codec/value-error.ts";
import { invalidParams, JsonRpcError, serverError } from "./json-rpc-error.ts";

/** The answer that a fault of the chain is; undefined for what no caller can do anything about. */
export function toJsonRpcError(error: unknown): JsonRpcError | undefined {
  if (error instanceof JsonRpcError) return error;
  if (error instanceof ValueError) return invalidParams(error.fault.reason);
  if (error instanceof TransactionError) return serverError(`err: ${transactionMessage(error.fault)}`);
  if (error instanceof EthereumError) return serverError(decodeMessage(error.fault));
  if (error instanceof ChainError) return chainError(error);
  if (error instanceof StateError && (error.code === "HISTORY_PRUNED" || error.code === "BLOCK_UNKNOWN")) {
    return new JsonRpcError({ code: "SERVER_ERROR", message: `missing trie node: ${error.message}` });
  }
  if (error instanceof IngestError) return new JsonRpcError({ code: "LIMIT_EXCEEDED", message: error.message });
  return undefined;
}

function chainError({ fault, message }: ChainError): JsonRpcError | undefined {
  switch (fault.code) {
    case "BLOCK_UNKNOWN":
      return serverError("header not found");
    case "GENESIS_NOT_EXECUTABLE":
      return serverError("genesis is not traceable");
    case "LOG_RANGE_TOO_LARGE":
      return new JsonRpcError({
        code: "LIMIT_EXCEEDED",
        message: `exceed maximum block range: ${fault.limit}`,
      });
    case "TOO_MANY_LOGS":
      return new JsonRpcError({
        code: "LIMIT_EXCEEDED",
        message: `query returned more than ${fault.limit} results, try a smaller block range`,
      });
    case "CALLS_OVERLOADED":
      return new JsonRpcError({ code: "LIMIT_EXCEEDED", message: "too many calls are waiting, try again later" });
    case "CALL_TIMEOUT":
      return serverError(`execution aborted (timeout = ${fault.timeoutMs / 1000}s)`);
    case "CALL_THREAD_LOST":
      return serverError("execution aborted");
    case "CALLS_CLOSED":
      return serverError("the node is stopping");
    case "OVERRIDE_INVALID":
      return serverError(`account ${fault.address} ${fault.reason}`);
    case "REQUEST_INVALID":
      return invalidParams(message);
    default:
      return undefined;
  }
}

/** Why a message or transaction can not be executed, in go-ethereum's words. */
export function transactionMessage(fault: TransactionFault): string {
  switch (fault.code) {
    case "NONCE_TOO_LOW":
      return `nonce too low: address ${fault.sender}, tx: ${fault.nonce} state: ${fault.expected}`;
    case "NONCE_TOO_HIGH":
      return `nonce too high: address ${fault.sender}, tx: ${fault.nonce} state: ${fault.expected}`;
    case "SENDER_NOT_EOA":
      return `sender not an eoa: address ${fault.sender}`;
    case "INSUFFICIENT_FUNDS":
      return `insufficient funds for gas * price + value: address ${fault.sender} have ${fault.available} want ${fault.needed}`;
    case "FEE_BELOW_BASE_FEE":
      return `max fee per gas less than block base fee: maxFeePerGas: ${fault.maxFeePerGas}, baseFee: ${fault.baseFeePerGas}`;
    case "BLOB_FEE_BELOW_BASE_FEE":
      return "max fee per blob gas less than block blob gas fee";
    case "TOO_MANY_BLOBS":
      return "blob transaction has too many blobs";
    case "BLOCK_GAS_EXHAUSTED":
      return `gas limit reached: have ${fault.available}, want ${fault.gasLimit}`;
    case "INTRINSIC_GAS_TOO_LOW":
      return `intrinsic gas too low: have ${fault.gasLimit}, want ${fault.needed}`;
    case "FLOOR_DATA_GAS_TOO_LOW":
      return `insufficient gas for floor data gas cost: have ${fault.gasLimit}, want ${fault.needed}`;
    default:
      return rejectionMessage(fault);
  }
}

/** The error of a transaction that was not taken. */
export function rejectionError(rejection: SubmitRejection): JsonRpcError {
  return serverError(isDecodeFault(rejection) ? decodeMessage(rejection) : rejectionMessage(rejection));
}

/** Codes that begin like those of decoding and are rules. */
const ruleCodes: readonly string[] = ["TRANSACTION_TOO_LARGE", "BLOB_TRANSACTION_UNSUPPORTED"];

function isDecodeFault(rejection: SubmitRejection): rejection is EthereumFault {
  return /^(RLP|TRANSACTION)_/.test(rejection.code) && !ruleCodes.includes(rejection.code);
}

function decodeMessage(fault: EthereumFault): string {
  switch (fault.code) {
    case "TRANSACTION_EMPTY":
      return "typed transaction too short";
    case "TRANSACTION_TYPE_UNSUPPORTED":
      return "transaction type not supported";
    case "TRANSACTION_SIGNATURE_INVALID":
      return "invalid sender: invalid transaction v, r, s values";
    case "TRANSACTION_RECIPIENT_MISSING":
      return `transaction of type ${fault.type} cannot be used to create contract`;
    case "RLP_TRUNCATED":
      return fault.offset === 0
        ? "rlp: value size exceeds available input length"
        : `rlp: too few elements (at byte ${fault.offset})`;
    case "RLP_TRAILING_BYTES":
      return `rlp: too many elements (at byte ${fault.offset})`;
    case "RLP_NOT_CANONICAL":
      return `rlp: non-canonical size information (at byte ${fault.offset})`;
    case "RLP_WRONG_KIND":
      return `rlp: expected ${fault.expected === "list" ? "input list" : "input string or byte"} (at byte ${fault.offset})`;
    case "RLP_WRONG_LENGTH":
      return `rlp: input string too ${fault.length > fault.expected ? "long" : "short"} (at byte ${fault.offset})`;
    case "RLP_INTEGER_TOO_LARGE":
      return `rlp: input string too long (at byte ${fault.offset})`;
    default:
      return `rlp: ${new DomainError(fault).message}`;
  }
}
