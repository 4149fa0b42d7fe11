import type { Fork } from "@koinon/ethereum/fork";
import { floorDataGas, intrinsicGas } from "@koinon/ethereum/intrinsic-gas";
import type { Log } from "@koinon/ethereum/log";
import type { StateChanges, StateReader } from "@koinon/ethereum/state-access";
import type { TransactionPayload } from "@koinon/ethereum/transaction";
import { type Withdrawal, weiPerGwei } from "@koinon/ethereum/withdrawal";
import type { Precompile } from "@koinon/precompiles/precompile";
import type { Address } from "@koinon/secp256k1/address";
import type { AccountRecord } from "./account-record.ts";
import { applyAuthorization } from "./authorization.ts";
import { type BlockContext, createBlockWords } from "./block-context.ts";
import type { CodeCache } from "./code-cache.ts";
import { createAddress } from "./creation.ts";
import type { EvmDependencies } from "./dependencies.ts";
import { type ForkRules, forkRules } from "./fork-rules.ts";
import { noBytes } from "./frame.ts";
import { cappedRefund } from "./gas.ts";
import { type Failure, failureOf, Halt, takesAllGas } from "./halt.ts";
import { Machine, type RunResult } from "./machine.ts";
import type { Tracer } from "./tracer.ts";
import { assertCallable, assertSimulatable, assertValid, type Fees, feesOf } from "./validation.ts";
import { hexToWord, toWord } from "./word.ts";
import type { WordHash } from "./word-map.ts";
import { WorldState } from "./world-state.ts";

const safeGasMax = BigInt(Number.MAX_SAFE_INTEGER);

const assertionOf = { transaction: assertValid, simulation: assertSimulatable, call: assertCallable } as const;

/** What to execute. */
export interface ExecutionRequest {
  readonly transaction: TransactionPayload;
  readonly sender: Address;
  /**
   * "transaction" (the default) applies every rule. "simulation" leaves out the sender's code (EIP-3607) and the gas cap (EIP-7825).
   * "call" is for eth_call and its like: nonce, chain id, gas caps and the code of the sender do not matter. A call that offers no
   * fee wants a block context with a base fee of zero.
   */
  readonly checks?: "transaction" | "simulation" | "call";
}

/** What a transaction did. */
export interface TransactionResult {
  readonly succeeded: boolean;
  /** Why it failed; undefined when it succeeded. */
  readonly failure: Failure | undefined;
  readonly gasUsed: bigint;
  /** What EIP-3529 gave back; it is not part of `gasUsed`. */
  readonly gasRefunded: bigint;
  /** Wei per gas. */
  readonly effectiveGasPrice: bigint;
  readonly blobGasUsed: bigint;
  readonly logs: readonly Log[];
  /** Return data or revert data; for a creation the deployed code. */
  readonly output: Uint8Array;
  /** The address of a creation, successful or not. */
  readonly createdAddress: Address | undefined;
}

type PrecompileMap = ReadonlyMap<Address, Precompile>;

/** What a block's execution begins with. */
export interface BlockExecutionOptions {
  readonly fork: Fork;
  readonly chainId: bigint;
  readonly state: StateReader;
  readonly block: BlockContext;
  readonly tracer?: Tracer | undefined;
  /** What of the fork's precompiles is where; their addresses stay warm all the same. */
  readonly changePrecompiles?: ((precompiles: PrecompileMap) => PrecompileMap) | undefined;
}

/** What an Evm lends to the execution of a block. */
interface BlockExecutionParts {
  readonly codeCache: CodeCache;
  readonly wordHash: WordHash;
}

/** Execution of one block, transaction after transaction; what it changes is in `changes()` and nowhere else. */
export class BlockExecution {
  readonly rules: ForkRules;
  private readonly block: BlockContext;
  private readonly chainId: bigint;
  private readonly dependencies: EvmDependencies;
  private readonly tracer: Tracer | undefined;
  private readonly world: WorldState;
  private readonly machine: Machine;
  private used = 0n;

  constructor(options: BlockExecutionOptions, dependencies: EvmDependencies & BlockExecutionParts) {
    const { fork, state, block, chainId } = options;
    this.rules = forkRules(fork);
    this.block = block;
    this.chainId = chainId;
    this.dependencies = dependencies;
    this.tracer = options.tracer;
    const { codeCache, wordHash } = dependencies;
    const warmPrecompiles = dependencies.precompiles(fork);
    const precompiles = options.changePrecompiles?.(warmPrecompiles) ?? warmPrecompiles;
    this.world = new WorldState(state, { precompiles, warmPrecompiles, codeCache, wordHash });
    this.machine = new Machine({
      rules: this.rules,
      world: this.world,
      block: createBlockWords(block, chainId),
      codeCache,
      interrupt: dependencies.interrupt,
    });
  }

  /** Gas used by the transactions so far. */
  get gasUsed(): bigint {
    return this.used;
  }

  /** Executes a transaction; throws TransactionError, and changes nothing, when it is not valid here. */
  executeTransaction(request: ExecutionRequest): TransactionResult {
    const { transaction } = request;
    const sender = this.world.account(request.sender);
    const { rules, block, chainId, world } = this;
    const assert = assertionOf[request.checks ?? "transaction"];
    assert(transaction, sender, { rules, block, chainId, world, gasAvailable: block.gasLimit - this.used });
    this.machine.tracer = this.tracer;
    if (this.tracer?.begin !== undefined) this.traceBegin(this.tracer, request);
    const fees = feesOf(transaction, block);
    this.prepare(transaction, sender, fees);
    const gas = splitGas(transaction);
    const run = this.run(transaction, sender, { fees, gas: gas.running });
    const result = this.settle(transaction, sender, { fees, gas, run });
    this.tracer?.end?.({ gasUsed: result.gasUsed });
    this.machine.tracer = undefined;
    world.endTransaction();
    this.used += result.gasUsed;
    return result;
  }

  private traceBegin(tracer: Tracer, { transaction, sender }: ExecutionRequest): void {
    const { rules, block, world } = this;
    const authorizations = transaction.type === 4 ? transaction.authorizationList : [];
    const authorities = authorizations
      .map((authorization) => this.dependencies.recoverAuthority(authorization))
      .filter((authority) => authority !== undefined);
    tracer.begin?.({ transaction, sender, block, rules, world, authorities });
  }

  /** Takes the fees, counts the nonce and makes warm what EIP-2929, EIP-2930 and EIP-3651 name. */
  private prepare(transaction: TransactionPayload, sender: AccountRecord, fees: Fees): void {
    const { world } = this;
    world.debit(sender, transaction.gasLimit * fees.effectiveGasPrice + fees.blobGas * this.block.baseFeePerBlobGas);
    world.setNonce(sender, sender.nonce + 1n);
    world.warmAccount(sender);
    world.warmAccount(world.account(this.block.beneficiary));
    if (transaction.type === 0) return;
    for (const { address, storageKeys } of transaction.accessList) {
      const account = world.account(address);
      world.warmAccount(account);
      for (const key of storageKeys) world.warmSlot(world.slot(account, toWord(key)));
    }
    if (transaction.type !== 4) return;
    for (const authorization of transaction.authorizationList) {
      applyAuthorization(authorization, world, { ...this.dependencies, chainId: this.chainId });
    }
  }

  private run(
    transaction: TransactionPayload,
    sender: AccountRecord,
    { fees, gas }: { readonly fees: Fees; readonly gas: number },
  ): RunResult {
    const { world, machine } = this;
    machine.transaction = {
      origin: sender.word,
      gasPrice: toWord(fees.effectiveGasPrice),
      blobHashes: transaction.type === 3 ? transaction.blobVersionedHashes : [],
    };
    const value = toWord(transaction.value);
    if (transaction.to === undefined) {
      const address = (): Address => createAddress(sender.address, sender.nonce - 1n);
      return machine.runCreate({
        kind: "CREATE",
        parent: undefined,
        creator: sender,
        address,
        value,
        initCode: transaction.data,
        gas,
      });
    }
    const target = world.account(transaction.to);
    world.warmAccount(target);
    this.warmDelegate(target);
    return machine.runCall({
      kind: "CALL",
      parent: undefined,
      caller: sender.word,
      from: sender,
      account: target,
      target,
      value,
      input: transaction.data,
      gas,
      isStatic: false,
      outputOffset: 0,
      outputSize: 0,
    });
  }

  private warmDelegate(target: AccountRecord): void {
    if (!this.rules.delegation || !target.hasCode) return;
    const { delegate } = this.world.program(target);
    if (delegate !== undefined) this.world.warmAccount(this.world.account(delegate));
  }

  /** Gives back what was not used and pays the beneficiary. */
  private settle(
    transaction: TransactionPayload,
    sender: AccountRecord,
    { fees, gas, run }: { readonly fees: Fees; readonly gas: GasSplit; readonly run: RunResult },
  ): TransactionResult {
    const { world } = this;
    const { halt, gasLeft, output } = run;
    const spent = takesAllGas(halt) ? transaction.gasLimit : gas.intrinsic + BigInt(gas.running - gasLeft);
    const refund = BigInt(cappedRefund(world.refund, Number(spent)));
    let gasUsed = spent - refund;
    if (this.rules.calldataFloor) {
      const floor = floorDataGas(transaction.data);
      if (gasUsed < floor) gasUsed = floor;
    }
    world.credit(sender, (transaction.gasLimit - gasUsed) * fees.effectiveGasPrice);
    world.credit(world.account(this.block.beneficiary), gasUsed * fees.tip);
    return {
      succeeded: halt === Halt.success,
      failure: failureOf(halt),
      gasUsed,
      gasRefunded: refund,
      effectiveGasPrice: fees.effectiveGasPrice,
      blobGasUsed: fees.blobGas,
      logs: world.logs,
      output,
      createdAddress: transaction.to === undefined ? createAddress(sender.address, transaction.nonce) : undefined,
    };
  }

  /** Calls a contract as the system does: without fees, nonce or a share of the block's gas. */
  systemCall(request: {
    readonly caller: Address;
    readonly target: Address;
    readonly input: Uint8Array;
    readonly gas: number;
  }): {
    readonly failure: Failure | undefined;
    readonly output: Uint8Array;
    readonly hasCode: boolean;
  } {
    const { world, machine } = this;
    const target = world.account(request.target);
    if (!target.hasCode) return { failure: undefined, output: noBytes, hasCode: false };
    machine.transaction = { origin: hexToWord(request.caller), gasPrice: 0, blobHashes: [] };
    world.warmAccount(target);
    const { halt, output } = machine.runCall({
      kind: "CALL",
      parent: undefined,
      caller: hexToWord(request.caller),
      from: world.account(request.caller),
      account: target,
      target,
      value: 0,
      input: request.input,
      gas: request.gas,
      isStatic: false,
      outputOffset: 0,
      outputSize: 0,
    });
    world.endTransaction();
    return { failure: failureOf(halt), output, hasCode: true };
  }

  /** Credits withdrawals (EIP-4895). */
  applyWithdrawals(withdrawals: readonly Withdrawal[]): void {
    for (const { address, amountGwei } of withdrawals) {
      this.world.credit(this.world.account(address), amountGwei * weiPerGwei);
    }
    this.world.endTransaction();
  }

  /** What differs from the state that the block began with. */
  changes(): StateChanges {
    return this.world.changes();
  }
}

/** A transaction's gas. */
interface GasSplit {
  readonly intrinsic: bigint;
  /**
   * What is left to run with. What goes beyond the exact numbers stays aside: no block has that much, but a call or a test may
   * name it.
   */
  readonly running: number;
}

function splitGas(transaction: TransactionPayload): GasSplit {
  const intrinsic = intrinsicGas(transaction);
  const rest = transaction.gasLimit - intrinsic;
  return { intrinsic, running: rest < safeGasMax ? Number(rest) : Number.MAX_SAFE_INTEGER };
}
