import { gasPerBlob } from "@koinon/ethereum/blob-fee";
import { floorDataGas, intrinsicGas } from "@koinon/ethereum/intrinsic-gas";
import { effectiveTip, maxFeePerGas as feeCap, type TransactionPayload } from "@koinon/ethereum/transaction";
import {
  authorizationListFault,
  feeOrderFault,
  type TransactionRuleFault,
  transactionRuleFault,
} from "@koinon/ethereum/transaction-rules";
import type { AccountRecord } from "./account-record.ts";
import type { BlockContext } from "./block-context.ts";
import { TransactionError } from "./fault.ts";
import { type ForkRules, limits } from "./fork-rules.ts";
import type { WorldState } from "./world-state.ts";

/** What a transaction pays. */
export interface Fees {
  /** Wei per gas. */
  readonly effectiveGasPrice: bigint;
  /** Wei per gas that goes to the beneficiary; the rest is burnt. */
  readonly tip: bigint;
  readonly blobGas: bigint;
}

/** What validation looks at. */
export interface ValidationContext {
  readonly rules: ForkRules;
  readonly block: BlockContext;
  readonly chainId: bigint;
  readonly world: WorldState;
  /** Gas of the block that no transaction has used. */
  readonly gasAvailable: bigint;
}

/** What a transaction pays in this block. */
export function feesOf(payload: TransactionPayload, { baseFeePerGas }: Pick<BlockContext, "baseFeePerGas">): Fees {
  const tip = effectiveTip(payload, baseFeePerGas);
  const blobGas = payload.type === 3 ? BigInt(payload.blobVersionedHashes.length) * gasPerBlob : 0n;
  return { effectiveGasPrice: baseFeePerGas + tip, tip, blobGas };
}

/** Checks a transaction against its fork, block and sender; throws TransactionError. */
export function assertValid(payload: TransactionPayload, sender: AccountRecord, context: ValidationContext): void {
  const { rules, chainId } = context;
  assertRules(transactionRuleFault(payload, { fork: rules.fork, chainId }));
  assertNonce(payload, sender);
  assertNoCode(sender, context);
  assertPayable(payload, sender, context);
}

/**
 * Checks what execution-apis' eth_simulateV1 calls validation: everything that a transaction must be, but contracts may send, and
 * gas goes up to that of the block, as in geth.
 */
export function assertSimulatable(
  payload: TransactionPayload,
  sender: AccountRecord,
  context: ValidationContext,
): void {
  const { rules, chainId } = context;
  // Before the rules: EIP-2681's bound is the nonce's own then.
  assertNonce(payload, sender);
  assertRules(transactionRuleFault(payload, { fork: rules.fork, chainId, hasGasCap: false }));
  assertPayable(payload, sender, context);
}

function assertRules(fault: TransactionRuleFault | undefined): void {
  if (fault !== undefined) throw new TransactionError(fault);
}

function assertPayable(payload: TransactionPayload, sender: AccountRecord, context: ValidationContext): void {
  const { gasAvailable } = context;
  assertFeeCap(payload, context);
  if (payload.type === 3) assertBlobs(payload, context);
  assertFunds(payload, sender);
  if (payload.gasLimit > gasAvailable) {
    throw new TransactionError({ code: "BLOCK_GAS_EXHAUSTED", gasLimit: payload.gasLimit, available: gasAvailable });
  }
}

/** Checks what must hold for a call that is no transaction of a block: that its gas begins to be enough, and that it can be paid. */
export function assertCallable(payload: TransactionPayload, sender: AccountRecord, context: ValidationContext): void {
  const { gasLimit, data } = payload;
  if (payload.to === undefined && data.length > limits.initCodeSize) {
    throw new TransactionError({ code: "INIT_CODE_TOO_LARGE", length: data.length, limit: limits.initCodeSize });
  }
  const needed = intrinsicGas(payload);
  if (gasLimit < needed) throw new TransactionError({ code: "INTRINSIC_GAS_TOO_LOW", gasLimit, needed });
  const floor = context.rules.calldataFloor ? floorDataGas(data) : 0n;
  if (gasLimit < floor) throw new TransactionError({ code: "FLOOR_DATA_GAS_TOO_LOW", gasLimit, needed: floor });
  assertRules(feeOrderFault(payload) ?? authorizationListFault(payload));
  assertFeeCap(payload, context);
  assertFunds(payload, sender);
}

function assertFeeCap(payload: TransactionPayload, { block }: ValidationContext): void {
  const maxFeePerGas = feeCap(payload);
  const { baseFeePerGas } = block;
  if (maxFeePerGas < baseFeePerGas) {
    throw new TransactionError({ code: "FEE_BELOW_BASE_FEE", maxFeePerGas, baseFeePerGas });
  }
}

function assertNonce({ nonce }: TransactionPayload, sender: AccountRecord): void {
  if (nonce !== sender.nonce) {
    const code = nonce < sender.nonce ? "NONCE_TOO_LOW" : "NONCE_TOO_HIGH";
    throw new TransactionError({ code, sender: sender.address, nonce, expected: sender.nonce });
  }
}

/** EIP-3607; EIP-7702 lets an account that delegates send. */
function assertNoCode(sender: AccountRecord, { world, rules }: ValidationContext): void {
  if (sender.hasCode && !(rules.delegation && world.program(sender).delegate !== undefined)) {
    throw new TransactionError({ code: "SENDER_NOT_EOA", sender: sender.address });
  }
}

function assertBlobs(payload: TransactionPayload & { type: 3 }, { rules, block }: ValidationContext): void {
  const count = payload.blobVersionedHashes.length;
  if (count > rules.blobsPerTransactionMax) {
    throw new TransactionError({ code: "TOO_MANY_BLOBS", count, limit: rules.blobsPerTransactionMax });
  }
  const { maxFeePerBlobGas } = payload;
  const { baseFeePerBlobGas } = block;
  if (maxFeePerBlobGas < baseFeePerBlobGas) {
    throw new TransactionError({ code: "BLOB_FEE_BELOW_BASE_FEE", maxFeePerBlobGas, baseFeePerBlobGas });
  }
}

/** The sender must be able to pay the value and the most that gas may cost. */
function assertFunds(payload: TransactionPayload, sender: AccountRecord): void {
  let needed = payload.gasLimit * feeCap(payload) + payload.value;
  if (payload.type === 3) {
    needed += BigInt(payload.blobVersionedHashes.length) * gasPerBlob * payload.maxFeePerBlobGas;
  }
  if (sender.balance < needed) {
    throw new TransactionError({
      code: "INSUFFICIENT_FUNDS",
      sender: sender.address,
      needed,
      available: sender.balance,
    });
  }
}
