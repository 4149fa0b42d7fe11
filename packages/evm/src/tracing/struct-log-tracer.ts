import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import type { Frame } from "../frame.ts";
import type { Failure } from "../halt.ts";
import { opcodeName } from "../opcode-table.ts";
import type { BeginEvent, EndEvent, EnterEvent, ExitEvent, StepEvent, Tracer } from "../tracer.ts";
import { toBigInt, type Word, wordToHex } from "../word.ts";
import type { WorldState } from "../world-state.ts";
import { failureMessage, precedesInstruction } from "./failure-message.ts";
import { toHex } from "./quantity.ts";

/** One instruction in geth's struct logs. */
export interface StructLog {
  readonly pc: number;
  readonly op: string;
  readonly gas: number;
  gasCost: number;
  readonly depth: number;
  error?: string;
  readonly stack?: readonly Hex[];
  readonly returnData?: Hex;
  /** Words of 32 bytes, hex without prefix. */
  readonly memory?: readonly string[];
  /** What SLOAD and SSTORE have shown of the account's storage, hex without prefix. */
  readonly storage?: Readonly<Record<string, string>>;
  refund?: number;
}

/** The result of geth's default tracer. */
export interface StructLogs {
  readonly gas: number;
  readonly failed: boolean;
  readonly returnValue: Hex;
  readonly structLogs: readonly StructLog[];
}

/** Which parts geth's default tracer reports. */
export interface StructLogOptions {
  readonly enableMemory?: boolean;
  readonly disableStack?: boolean;
  readonly disableStorage?: boolean;
  readonly enableReturnData?: boolean;
  /** Once the entries have more bytes of JSON than this together, those that follow are left out; 0 for no limit. */
  readonly limitBytes: number;
}

// geth keeps the name that PREVRANDAO had before EIP-4399.
const op = { prevrandao: 0x44, sload: 0x54, sstore: 0x55 };

/** Every instruction of a transaction, in the form of geth's struct logs. */
export class StructLogTracer implements Tracer {
  private readonly options: StructLogOptions;
  private readonly logs: StructLog[] = [];
  /** The last entry of each running frame, by depth: what it cost is known when the next one begins. */
  private readonly pending: (StructLog | undefined)[] = [];
  private readonly storage = new Map<string, Record<string, string>>();
  private world: WorldState | undefined;
  private measured = 0;
  private sizeBytes = 0;
  private gasUsed = 0n;
  private output: Uint8Array = new Uint8Array(0);
  private failure: Failure | undefined;

  constructor(options: StructLogOptions) {
    this.options = options;
  }

  begin({ world }: BeginEvent): void {
    this.world = world;
  }

  step({ frame, pc, code }: StepEvent): void {
    this.settle(frame.depth, frame.gas);
    if (this.isFull()) return;
    const refund = this.world?.refund ?? 0;
    const log: StructLog = {
      pc,
      op: code === op.prevrandao ? "DIFFICULTY" : opcodeName(code),
      gas: frame.gas,
      gasCost: 0,
      depth: frame.depth + 1,
      ...(this.options.disableStack ? {} : { stack: stackOf(frame) }),
      ...(this.options.enableReturnData && frame.returnData.length > 0
        ? { returnData: bytesToHex(frame.returnData) }
        : {}),
      ...(this.options.enableMemory && frame.memory.size > 0 ? { memory: memoryOf(frame) } : {}),
      ...this.storageOf(frame, code),
      ...(refund === 0 ? {} : { refund }),
    };
    this.logs.push(log);
    this.pending[frame.depth] = log;
  }

  enter({ kind, parent, gas }: EnterEvent): void {
    if (parent === undefined || kind === "SELFDESTRUCT") return;
    // The gas that a creation takes along is not part of its price; that of a call is, but not the stipend.
    this.settle(parent.depth, parent.gas + (kind === "CREATE" || kind === "CREATE2" ? gas : 0));
  }

  exit({ depth, frame, failure, output }: ExitEvent): void {
    if (frame !== undefined) {
      const last = this.pending[frame.depth];
      if (last !== undefined && failure !== undefined && precedesInstruction(failure))
        last.error = failureMessage(failure, frame);
      this.settle(frame.depth, frame.haltGas);
    }
    if (depth !== 0) return;
    this.failure = failure;
    this.output = output;
  }

  end({ gasUsed }: EndEvent): void {
    this.gasUsed = gasUsed;
  }

  result(): StructLogs {
    const silent = this.failure !== undefined && this.failure !== "REVERTED";
    return {
      gas: Number(this.gasUsed),
      failed: this.failure !== undefined,
      returnValue: silent ? "0x" : bytesToHex(this.output),
      structLogs: this.logs,
    };
  }

  private isFull(): boolean {
    const { limitBytes } = this.options;
    if (limitBytes === 0) return false;
    // Of entries that have their price: all but the one that comes.
    for (; this.measured < this.logs.length; this.measured++)
      this.sizeBytes += JSON.stringify(this.logs[this.measured]).length;
    return this.sizeBytes > limitBytes;
  }

  /** The instruction of this depth is paid for: it left this much. */
  private settle(depth: number, gasLeft: number): void {
    const last = this.pending[depth];
    if (last === undefined) return;
    // What no gas could pay for has no number; it took what was there.
    last.gasCost = Number.isFinite(gasLeft) ? last.gas - gasLeft : last.gas;
    this.pending[depth] = undefined;
    // geth counts the refund of an SSTORE before it shows the instruction.
    if (last.op !== "SSTORE" || last.error !== undefined) return;
    const refund = this.world?.refund ?? 0;
    if (refund === 0) delete last.refund;
    else last.refund = refund;
  }

  private storageOf(frame: Frame, code: number): { storage?: Record<string, string> } {
    const { account } = frame.start;
    const isStore = code === op.sstore;
    if (this.options.disableStorage || this.world === undefined || !(isStore || code === op.sload)) return {};
    if (frame.sp < (isStore ? 2 : 1)) return {};
    const key = frame.peek(0);
    const value = isStore ? frame.peek(1) : this.world.slot(account, key).current;
    const seen = { ...this.storage.get(account.address), [digits(key)]: digits(value) };
    this.storage.set(account.address, seen);
    return { storage: seen };
  }
}

function digits(word: Word): string {
  return wordToHex(word).slice(2);
}

function stackOf(frame: Frame): Hex[] {
  return frame.stack.slice(0, frame.sp).map((word) => toHex(toBigInt(word)));
}

function memoryOf({ memory }: Frame): string[] {
  const words: string[] = [];
  for (let offset = 0; offset < memory.size; offset += 32) {
    words.push(bytesToHex(memory.bytes.subarray(offset, offset + 32)).slice(2));
  }
  return words;
}
