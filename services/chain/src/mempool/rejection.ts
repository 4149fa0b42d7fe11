import type { TransactionRuleFault } from "@koinon/ethereum/transaction-rules";
import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";

/** Why the pool does not take a transaction; amounts in wei. */
export type MempoolRejection =
  | TransactionRuleFault
  | { code: "ALREADY_KNOWN"; hash: Hex }
  | { code: "BLOB_TRANSACTION_UNSUPPORTED" }
  | { code: "TRANSACTION_TOO_LARGE"; length: number; limit: number }
  | { code: "REPLAY_PROTECTION_MISSING" }
  | { code: "GAS_LIMIT_ABOVE_BLOCK"; gasLimit: bigint; blockGasLimit: bigint }
  | { code: "TIP_BELOW_MINIMUM"; maxPriorityFeePerGas: bigint; minimum: bigint }
  | { code: "MAX_FEE_BELOW_BASE_FEE"; sender: Address; maxFeePerGas: bigint; baseFeePerGas: bigint }
  | { code: "NONCE_TOO_LOW"; next: bigint; nonce: bigint }
  | { code: "INSUFFICIENT_FUNDS"; balance: bigint; cost: bigint; pendingCost: bigint; replacedCost: bigint | undefined }
  | { code: "DELEGATED_IN_FLIGHT_LIMIT" }
  | { code: "DELEGATED_NONCE_GAP" }
  | { code: "AUTHORITY_RESERVED"; authority: Address }
  | { code: "REPLACEMENT_UNDERPRICED" }
  | { code: "SENDER_LIMIT_REACHED"; transactions: number }
  | { code: "UNDERPRICED" }
  | { code: "FUTURE_REPLACES_PENDING" };

/** The rejection in the words that clients know from go-ethereum, which they match by their beginning. */
export function rejectionMessage(rejection: MempoolRejection): string {
  switch (rejection.code) {
    case "ALREADY_KNOWN":
      return "already known";
    case "BLOB_TRANSACTION_UNSUPPORTED":
      return "transaction type not supported: this chain takes no blob transactions";
    case "TYPE_NOT_ACTIVE":
      return `transaction type not supported: type ${rejection.type} rejected, its fork is not active yet`;
    case "TRANSACTION_TOO_LARGE":
      return `oversized data: transaction size ${rejection.length}, limit ${rejection.limit}`;
    case "REPLAY_PROTECTION_MISSING":
      return "only replay-protected (EIP-155) transactions allowed over RPC";
    case "TIP_BELOW_MINIMUM":
      return `transaction gas price below minimum: gas tip cap ${rejection.maxPriorityFeePerGas}, minimum needed ${rejection.minimum}`;
    case "MAX_FEE_BELOW_BASE_FEE":
      return `max fee per gas less than block base fee: address ${rejection.sender}, maxFeePerGas: ${rejection.maxFeePerGas}, baseFee: ${rejection.baseFeePerGas}`;
    case "NONCE_TOO_LOW":
      return `nonce too low: next nonce ${rejection.next}, tx nonce ${rejection.nonce}`;
    case "INSUFFICIENT_FUNDS":
      return insufficientFundsMessage(rejection);
    case "DELEGATED_IN_FLIGHT_LIMIT":
      return "in-flight transaction limit reached for delegated accounts";
    case "DELEGATED_NONCE_GAP":
      return "gapped-nonce tx from delegated accounts";
    case "AUTHORITY_RESERVED":
      return "authority already reserved";
    case "REPLACEMENT_UNDERPRICED":
      return "replacement transaction underpriced";
    case "SENDER_LIMIT_REACHED":
      return `account limit exceeded: pooled ${rejection.transactions} txs`;
    case "UNDERPRICED":
      return "transaction underpriced";
    case "FUTURE_REPLACES_PENDING":
      return "future transaction tries to replace pending";
    case "GAS_LIMIT_ABOVE_BLOCK":
      return "exceeds block gas limit";
    default:
      return ruleMessage(rejection);
  }
}

function ruleMessage(fault: Exclude<TransactionRuleFault, { code: "TYPE_NOT_ACTIVE" }>): string {
  switch (fault.code) {
    case "CHAIN_ID_MISMATCH":
      return `invalid sender: invalid chain id for signer: have ${fault.chainId} want ${fault.expected}`;
    case "NONCE_AT_MAX":
      return "nonce has max value";
    case "PRIORITY_FEE_ABOVE_MAX_FEE":
      return `max priority fee per gas higher than max fee per gas: maxPriorityFeePerGas: ${fault.maxPriorityFeePerGas}, maxFeePerGas: ${fault.maxFeePerGas}`;
    case "COST_OVERFLOW":
      return "insufficient funds for gas * price + value: cost exceeds 256 bits";
    case "INIT_CODE_TOO_LARGE":
      return `max initcode size exceeded: code size ${fault.length}, limit ${fault.limit}`;
    case "GAS_LIMIT_ABOVE_CAP":
      return `transaction gas limit too high (cap: ${fault.cap}, tx: ${fault.gasLimit})`;
    case "INTRINSIC_GAS_TOO_LOW":
      return `intrinsic gas too low: gas ${fault.gasLimit}, minimum needed ${fault.needed}`;
    case "FLOOR_DATA_GAS_TOO_LOW":
      return `insufficient gas for floor data gas cost: gas ${fault.gasLimit}, minimum needed ${fault.needed}`;
    case "AUTHORIZATION_LIST_EMPTY":
      return "set code tx must have at least one authorization tuple";
    case "BLOB_HASHES_MISSING":
      return "blobless blob transaction";
    case "BLOB_HASH_VERSION_UNKNOWN":
      return "blob transaction with a versioned hash of unknown version";
  }
}

function insufficientFundsMessage(facts: Extract<MempoolRejection, { code: "INSUFFICIENT_FUNDS" }>): string {
  const { balance, cost, pendingCost, replacedCost } = facts;
  const start = `insufficient funds for gas * price + value: balance ${balance}`;
  if (cost > balance) return `${start}, tx cost ${cost}, overshot ${cost - balance}`;
  if (replacedCost === undefined) {
    return `${start}, queued cost ${pendingCost}, tx cost ${cost}, overshot ${pendingCost + cost - balance}`;
  }
  const bump = cost - replacedCost;
  return `${start}, queued cost ${pendingCost}, tx bumped ${bump}, overshot ${pendingCost + bump - balance}`;
}
