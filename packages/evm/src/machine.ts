import type { Precompile } from "@koinon/precompiles/precompile";
import type { Address } from "@koinon/secp256k1/address";
import type { AccountRecord } from "./account-record.ts";
import type { BlockWords, TransactionWords } from "./block-context.ts";
import { canPay } from "./calls.ts";
import type { CodeCache } from "./code-cache.ts";
import type { EvmDependencies } from "./dependencies.ts";
import { type ForkRules, limits } from "./fork-rules.ts";
import { Frame, type FrameStart, noBytes } from "./frame.ts";
import { gas } from "./gas.ts";
import { failureOf, Halt, takesAllGas } from "./halt.ts";
import { interpret } from "./interpreter.ts";
import type { Program } from "./program.ts";
import type { EnterEvent, Tracer } from "./tracer.ts";
import { toBigInt, toWord, type Word } from "./word.ts";
import type { Snapshot, WorldState } from "./world-state.ts";

/** The instructions that call. */
export type CallKind = "CALL" | "CALLCODE" | "DELEGATECALL" | "STATICCALL";

/** A call about to begin; its price is paid, its gas set apart. */
export interface CallRequest {
  readonly kind: CallKind;
  /** Undefined for the transaction's own. */
  readonly parent: Frame | undefined;
  /** Who the code sees as caller. */
  readonly caller: Word;
  /** Who pays the value. */
  readonly from: AccountRecord;
  /** Whose storage and balance the code works on. */
  readonly account: AccountRecord;
  /** Whose code it is. */
  readonly target: AccountRecord;
  readonly value: Word;
  readonly input: Uint8Array;
  readonly gas: number;
  readonly isStatic: boolean;
  readonly outputOffset: number;
  readonly outputSize: number;
}

/** A creation about to begin. */
export interface CreateRequest {
  readonly kind: "CREATE" | "CREATE2";
  readonly parent: Frame | undefined;
  readonly creator: AccountRecord;
  /** The new address, computed before the creator's nonce grows. */
  readonly address: () => Address;
  readonly value: Word;
  readonly initCode: Uint8Array;
  readonly gas: number;
}

/** How the transaction's own call or creation ended. */
export interface RunResult {
  readonly halt: number;
  readonly gasLeft: number;
  readonly output: Uint8Array;
}

/** What a machine is made of. */
export interface MachineParts {
  readonly rules: ForkRules;
  readonly world: WorldState;
  readonly block: BlockWords;
  readonly codeCache: CodeCache;
  readonly interrupt: EvmDependencies["interrupt"];
}

/** Whoever is asked reads a clock, which takes as long as several instructions: so many loops or so much gas pass in between. */
const loopsBetweenLooks = 256;
const gasBetweenLooks = 100_000;

/**
 * Calls, creations and the frames they need, one per depth. Frames call each other without recursion: entering one suspends the
 * interpreter, and `run` goes on with the innermost, so that 1,024 calls deep costs no JavaScript stack.
 */
export class Machine {
  readonly rules: ForkRules;
  readonly world: WorldState;
  readonly block: BlockWords;
  private readonly codeCache: CodeCache;
  private readonly interrupt: EvmDependencies["interrupt"];
  /** Loops and calls until somebody is asked again, and the gas that there was the last time. */
  private untilLook = loopsBetweenLooks;
  private gasAtLook = 0;
  /** Undefined while nobody watches. */
  tracer: Tracer | undefined = undefined;
  private readonly frames: Frame[] = [];
  /** Depth of the running frame; -1 outside of all. */
  private depth = -1;
  private result: RunResult = { halt: Halt.none, gasLeft: 0, output: noBytes };
  transaction: TransactionWords = { origin: 0, gasPrice: 0, blobHashes: [] };

  constructor(parts: MachineParts) {
    this.rules = parts.rules;
    this.world = parts.world;
    this.block = parts.block;
    this.codeCache = parts.codeCache;
    this.interrupt = parts.interrupt;
  }

  /** Runs a call from outside to its end. */
  runCall(request: CallRequest): RunResult {
    return this.run(this.enterCall(request));
  }

  /** Runs a creation from outside to its end. */
  runCreate(request: CreateRequest): RunResult {
    return this.run(this.enterCreate(request));
  }

  private run(entered: number): RunResult {
    if (entered === Halt.suspended) {
      while (this.depth >= 0) {
        const frame = this.frames[this.depth] as Frame;
        const halt = interpret(this, frame);
        if (halt !== Halt.suspended) this.leave(frame, halt);
      }
    }
    return this.result;
  }

  /** Begins a call: `Halt.suspended` when a frame was entered, `Halt.none` when the call is over already. */
  enterCall(request: CallRequest): number {
    const { parent, kind, from, account, target, value } = request;
    if (this.tracer !== undefined) this.traceEnter(kind, request.from.address, target.address, request);
    if (this.depth >= limits.callDepth) return this.refuse(request, Halt.callTooDeep);
    if (kind !== "DELEGATECALL" && !canPay(from, value)) return this.refuse(request, Halt.insufficientBalance);
    const { world } = this;
    const snapshot = world.snapshot();
    if (kind === "CALL") {
      if (value !== 0) world.debit(from, toBigInt(value));
      world.credit(account, toBigInt(value));
    } else if (kind === "STATICCALL") {
      world.credit(account, 0n);
    }
    if (target.precompile !== undefined) return this.runPrecompile(target.precompile, request, snapshot);
    if (!target.hasCode) return this.complete(parent, request, Halt.success, request.gas, noBytes, 1);
    const program = this.runnable(target);
    if (program.bytes.length === 0) return this.complete(parent, request, Halt.success, request.gas, noBytes, 1);
    return this.push({
      kind: "call",
      program,
      account,
      caller: request.caller,
      value,
      input: request.input,
      gas: request.gas,
      isStatic: request.isStatic,
      snapshot,
      outputOffset: request.outputOffset,
      outputSize: request.outputSize,
    });
  }

  /** The code that runs when the account is called: its own, or that of its delegate (EIP-7702), one step and not further. */
  private runnable(account: AccountRecord): Program {
    const program = this.world.program(account);
    if (!this.rules.delegation || program.delegate === undefined) return program;
    const delegate = this.world.account(program.delegate);
    // A precompile has no code, so delegating to one runs nothing.
    return this.world.program(delegate);
  }

  /** Begins a creation; as `enterCall`. */
  enterCreate(request: CreateRequest): number {
    const { parent, creator, value, initCode } = request;
    const address = request.address();
    if (this.tracer !== undefined)
      this.traceEnter(request.kind, creator.address, address, { ...request, input: initCode });
    if (this.depth >= limits.callDepth) return this.refuse(request, Halt.callTooDeep);
    if (!canPay(creator, value)) return this.refuse(request, Halt.insufficientBalance);
    const { world } = this;
    // A transaction's own creation has counted the nonce already.
    if (parent !== undefined) {
      if (creator.nonce === limits.nonce) return this.refuse(request, Halt.nonceOverflow);
      world.setNonce(creator, creator.nonce + 1n);
    }
    const account = world.account(address);
    world.warmAccount(account);
    // EIP-684, EIP-7610.
    if (account.nonce !== 0n || account.hasCode || world.hasStorage(account)) {
      return this.complete(parent, request, Halt.collision, 0, noBytes, 0);
    }
    const snapshot = world.snapshot();
    world.markCreated(account);
    world.setNonce(account, 1n);
    if (value !== 0) {
      world.debit(creator, toBigInt(value));
      world.credit(account, toBigInt(value));
    }
    if (initCode.length === 0) return this.complete(parent, request, Halt.success, request.gas, noBytes, account.word);
    return this.push({
      kind: "create",
      program: this.codeCache.decode(initCode),
      account,
      caller: creator.word,
      value,
      input: noBytes,
      gas: request.gas,
      isStatic: false,
      snapshot,
      outputOffset: 0,
      outputSize: 0,
    });
  }

  private runPrecompile(precompile: Precompile, request: CallRequest, snapshot: Snapshot): number {
    const { parent, input } = request;
    this.interrupt?.();
    const gasLeft = request.gas - precompile.gas(input);
    const output = gasLeft < 0 ? undefined : precompile.run(input);
    if (output !== undefined) return this.complete(parent, request, Halt.success, gasLeft, output, 1);
    this.world.revert(snapshot);
    return this.complete(parent, request, gasLeft < 0 ? Halt.outOfGas : Halt.precompileFailed, 0, noBytes, 0);
  }

  private refuse(request: CallRequest | CreateRequest, halt: number): number {
    return this.complete(request.parent, request, halt, request.gas, noBytes, 0);
  }

  private push(start: FrameStart): number {
    if (this.interrupt !== undefined) this.look(start.gas);
    this.depth++;
    const frame = this.frames[this.depth];
    if (frame === undefined) this.frames.push(new Frame(this.depth, start));
    else frame.begin(start);
    return Halt.suspended;
  }

  /** Ends the innermost frame and hands its outcome to the one below. */
  private leave(frame: Frame, reason: number): void {
    const { start } = frame;
    frame.haltGas = frame.gas;
    const halt = start.kind === "create" && reason === Halt.success ? this.deploy(frame) : reason;
    if (halt !== Halt.success) this.world.revert(start.snapshot);
    const gasLeft = takesAllGas(halt) ? 0 : frame.gas;
    const output = takesAllGas(halt) ? noBytes : frame.output;
    this.depth--;
    const parent = this.frames[this.depth];
    if (start.kind === "call") {
      this.complete(parent, start, halt, gasLeft, output, halt === Halt.success ? 1 : 0);
    } else {
      // A created contract's code is no return data; a reverted creation's message is.
      const word = halt === Halt.success ? start.account.word : 0;
      this.complete(parent, start, halt, gasLeft, output, word);
    }
  }

  /** Stores what init code returned as the account's code. */
  private deploy(frame: Frame): number {
    const code = frame.output;
    // EIP-170, EIP-3541.
    if (code.length > limits.codeSize) return Halt.codeTooLarge;
    if (code[0] === 0xef) return Halt.codeStartsWithEf;
    if (!frame.charge(gas.codeDepositByte * code.length)) return Halt.codeStorageOutOfGas;
    if (code.length > 0) this.world.setCode(frame.start.account, code);
    return Halt.success;
  }

  /** Delivers an outcome to the calling frame, or out of the machine. */
  private complete(
    parent: Frame | undefined,
    request: {
      readonly kind: string;
      readonly gas: number;
      readonly outputOffset?: number;
      readonly outputSize?: number;
    },
    halt: number,
    gasLeft: number,
    output: Uint8Array,
    word: Word,
  ): number {
    if (this.tracer !== undefined) this.traceExit(request, halt, gasLeft, output);
    if (parent === undefined) {
      this.result = { halt, gasLeft, output };
      return Halt.none;
    }
    const isCreate = request.outputSize === undefined || request.kind === "create";
    parent.gas += gasLeft;
    parent.push(word);
    parent.returnData = isCreate && halt === Halt.success ? noBytes : output;
    const size = Math.min(request.outputSize ?? 0, output.length);
    if (!isCreate && size > 0) parent.memory.bytes.set(output.subarray(0, size), request.outputOffset);
    return Halt.none;
  }

  /** Asks now and then whether to go on; the interpreter calls it in programs decoded to be interruptible alone. */
  look(gasLeft: number): void {
    if (--this.untilLook > 0 && Math.abs(this.gasAtLook - gasLeft) < gasBetweenLooks) return;
    this.untilLook = loopsBetweenLooks;
    this.gasAtLook = gasLeft;
    this.interrupt?.();
  }

  /** Tells the tracer of an instruction; the interpreter calls it in programs decoded for tracing alone. */
  traceStep(frame: Frame, pc: number): void {
    frame.tracedPc = pc;
    this.tracer?.step?.({ frame, pc, code: frame.start.program.bytes[pc] ?? 0 });
  }

  traceSelfdestruct(frame: Frame, beneficiary: Address, balance: bigint): void {
    if (this.tracer === undefined) return;
    this.traceEnter("SELFDESTRUCT", frame.start.account.address, beneficiary, {
      parent: frame,
      value: toWord(balance),
      gas: 0,
      input: noBytes,
    });
    this.tracer.exit?.({ depth: this.depth + 1, gasUsed: 0, output: noBytes, failure: undefined, frame: undefined });
  }

  private traceEnter(
    kind: EnterEvent["kind"],
    from: Address,
    to: Address,
    request: Pick<CallRequest, "parent" | "value" | "gas" | "input">,
  ): void {
    this.tracer?.enter?.({
      kind,
      depth: this.depth + 1,
      from,
      to,
      value: kind === "STATICCALL" ? undefined : toBigInt(request.value),
      gas: request.gas,
      input: request.input,
      parent: request.parent,
      isPrecompile: this.world.account(to).precompile !== undefined,
    });
  }

  private traceExit(request: { readonly gas: number }, halt: number, gasLeft: number, output: Uint8Array): void {
    const depth = this.depth + 1;
    const entered = this.frames[depth];
    // The frame of a call that ran no code belongs to an earlier one.
    const frame = entered?.start === request ? entered : undefined;
    this.tracer?.exit?.({ depth, gasUsed: request.gas - gasLeft, output, failure: failureOf(halt), frame });
  }
}
