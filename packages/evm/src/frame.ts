import type { AccountRecord } from "./account-record.ts";
import { Memory } from "./memory.ts";
import type { Program } from "./program.ts";
import type { Word } from "./word.ts";
import type { Snapshot } from "./world-state.ts";

/** No bytes. */
export const noBytes: Uint8Array = new Uint8Array(0);

const stackItems = 1024;

/** What begins a frame. */
export interface FrameStart {
  readonly kind: FrameKind;
  readonly program: Program;
  /** Whose storage and balance the code works on. */
  readonly account: AccountRecord;
  readonly caller: Word;
  readonly value: Word;
  readonly input: Uint8Array;
  readonly gas: number;
  readonly isStatic: boolean;
  /** What a revert goes back to. */
  readonly snapshot: Snapshot;
  /** Where the caller wants the output, and how much of it at most. */
  readonly outputOffset: number;
  readonly outputSize: number;
}

/** What a frame is there for. */
export type FrameKind = "call" | "create";

/** Code in execution: its registers, while it is not running, and its surroundings. Frames are kept per depth and used again. */
export class Frame {
  readonly depth: number;
  readonly stack: Word[];
  readonly memory = new Memory();
  start: FrameStart;
  /** The next instruction. */
  pc = 0;
  /** Items on the stack. */
  sp = 0;
  gas = 0;
  /** Byte offset of the instruction that a tracer was told of last. */
  tracedPc = 0;
  /** What its last instruction left; a creation then pays for its code. */
  haltGas = 0;
  /** Output of the last call from this frame (EIP-211). */
  returnData: Uint8Array = noBytes;
  /** Output of this frame. */
  output: Uint8Array = noBytes;

  constructor(depth: number, start: FrameStart) {
    this.depth = depth;
    // Filled with bigints, so that V8 takes the array for one of references from the beginning.
    this.stack = new Array<Word>(stackItems + 1).fill(0n);
    this.start = start;
    this.begin(start);
  }

  begin(start: FrameStart): void {
    this.start = start;
    this.pc = 0;
    this.sp = 0;
    this.gas = start.gas;
    this.returnData = noBytes;
    this.output = noBytes;
    this.memory.reset();
  }

  /** The item at `depth` from the top, which must be there. */
  peek(depth: number): Word {
    return this.stack[this.sp - 1 - depth] as Word;
  }

  push(word: Word): void {
    this.stack[this.sp++] = word;
  }

  /** Pays; false when there is not enough, which halts the frame. */
  charge(cost: number): boolean {
    this.gas -= cost;
    return this.gas >= 0;
  }

  /** Pays for and provides memory for a range (any, when it is empty); false when there is not enough gas. */
  reserve(offset: number, size: number): boolean {
    if (size === 0) return true;
    const end = offset + size;
    if (end <= this.memory.size) return true;
    this.gas -= this.memory.expansionCost(end);
    if (!(this.gas >= 0)) return false;
    this.memory.grow(end);
    return true;
  }
}
