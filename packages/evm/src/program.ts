import type { Address } from "@koinon/secp256k1/address";
import { bytesToHex } from "@koinon/secp256k1/hex";
import type { Opcode } from "./opcode-table.ts";
import { readWord, type Word } from "./word.ts";

/**
 * Bytecode, decoded once for the interpreter. Gas and stack bounds are checked once per block of straight-line code, where it
 * begins, instead of once per instruction. That is exact: a block ends with every instruction that can see the gas left (GAS,
 * SSTORE, calls, creations), and what a block did before it turned out not to be affordable is undone in any case.
 */
export interface Program {
  readonly bytes: Uint8Array;
  /** One internal code per instruction: the EVM's own, but for `Internal`. The last one is a STOP. */
  readonly ops: Uint8Array;
  /** The instruction's operand; what it means depends on the code. */
  readonly args: Int32Array;
  /** Pushed words that are not small. */
  readonly constants: readonly bigint[];
  /** Per block: gas, items that must be on the stack, the most items it may begin with. */
  readonly blocks: Int32Array;
  /** By byte offset: 1 + the instruction to continue with, 0 where there is no JUMPDEST. */
  readonly targets: Int32Array;
  /** EIP-7702: whose code runs when this designator is called. */
  readonly delegate: Address | undefined;
}

/** Internal codes; the EVM has the same numbers for JUMPDEST and the pushes, or none. */
export const Internal = {
  /** Calls the tracer before an instruction; operand: byte offset. */
  trace: 0x0c,
  /** Asks whether to go on, at every JUMPDEST of code that is to be interruptible: no loop is without one. */
  look: 0x0d,
  /** Begins a block, with or without JUMPDEST; operand: where its numbers are in `blocks`. */
  block: 0x5b,
  /** Pushes the operand. */
  pushSmall: 0x60,
  /** Pushes `constants[operand]`. */
  pushBig: 0x61,
  /** PUSH and JUMP in one; operand: instruction, or -1 when that is no JUMPDEST. */
  jumpTo: 0x62,
  /** PUSH and JUMPI in one; operand as before. */
  jumpToIf: 0x63,
} as const;

const code = {
  stop: 0x00,
  jump: 0x56,
  jumpi: 0x57,
  pc: 0x58,
  jumpdest: 0x5b,
  push0: 0x5f,
  push32: 0x7f,
  invalid: 0xfe,
};

// STOP, JUMP, RETURN, REVERT, INVALID, SELFDESTRUCT: what follows is reached by a jump or not at all.
const endsCode = [0x00, 0x56, 0xf3, 0xfd, 0xfe, 0xff];
// JUMPI, SSTORE, GAS, CREATE, CALL, CALLCODE, DELEGATECALL, CREATE2, STATICCALL: the next instruction begins a block.
const endsBlock = [0x57, 0x55, 0x5a, 0xf0, 0xf1, 0xf2, 0xf4, 0xf5, 0xfa];

const Flow = { undefined: 0, goesOn: 1, endsBlock: 2, endsCode: 3 } as const;

/** The instructions of a fork as the decoder wants them: by code, in typed arrays, because init code is decoded while it is paid for. */
export class DecodeTable {
  readonly flow = new Uint8Array(256);
  readonly gas = new Int32Array(256);
  readonly pops = new Uint8Array(256);
  readonly pushes = new Uint8Array(256);

  constructor(opcodes: readonly (Opcode | undefined)[]) {
    for (const opcode of opcodes) {
      if (opcode === undefined) continue;
      this.flow[opcode.code] = Flow.goesOn;
      this.gas[opcode.code] = opcode.gas;
      this.pops[opcode.code] = opcode.pops;
      this.pushes[opcode.code] = opcode.pushes;
    }
    for (const ending of endsBlock) this.flow[ending] = Flow.endsBlock;
    for (const ending of endsCode) this.flow[ending] = Flow.endsCode;
  }
}

const stackItems = 1024;
const scratch = new Uint8Array(32);
const scratchView = new DataView(scratch.buffer);
const delegationSize = 23;

/** EIP-7702: the address in a delegation designator, undefined for other code. */
export function parseDelegation(bytes: Uint8Array): Address | undefined {
  if (bytes.length !== delegationSize || bytes[0] !== 0xef || bytes[1] !== 0x01 || bytes[2] !== 0x00) return undefined;
  return bytesToHex(bytes.subarray(3));
}

/** What a program is decoded for. */
export interface DecodeOptions {
  /** Every instruction is a block behind a call to the tracer. */
  readonly traced: boolean;
  /** Loops ask the machine whether to go on. */
  readonly interruptible: boolean;
}

/** Decodes bytecode under a fork's instructions. */
export function decodeProgram(bytes: Uint8Array, table: DecodeTable, options: DecodeOptions): Program {
  const decoder = new Decoder(bytes, table, options);
  return decoder.decode();
}

class Decoder {
  private readonly bytes: Uint8Array;
  private readonly table: DecodeTable;
  private readonly traced: boolean;
  private readonly interruptible: boolean;
  private readonly ops: Uint8Array;
  private readonly args: Int32Array;
  private readonly targets: Int32Array;
  private readonly constants: bigint[] = [];
  /** Grows by doubling. */
  private blocks = new Int32Array(48);
  private blocksLength = 0;
  private length = 0;
  /** Instructions whose operand is a byte offset until all targets are known. */
  private readonly unresolved: number[] = [];
  private gas = 0;
  private height = 0;
  private needed = 0;
  private peak = 0;
  private blockAt = -1;

  constructor(bytes: Uint8Array, table: DecodeTable, { traced, interruptible }: DecodeOptions) {
    const capacity = bytes.length * (traced ? 3 : 2) + 4;
    this.bytes = bytes;
    this.table = table;
    this.traced = traced;
    this.interruptible = interruptible;
    this.ops = new Uint8Array(capacity);
    this.args = new Int32Array(capacity);
    this.targets = new Int32Array(bytes.length);
  }

  decode(): Program {
    const { bytes } = this;
    let pc = 0;
    while (pc < bytes.length) {
      const byte = bytes[pc] as number;
      const size = byte > code.push0 && byte <= code.push32 ? 1 + byte - code.push0 : 1;
      if (byte === code.jumpdest || this.traced) this.closeBlock();
      if (byte === code.jumpdest) {
        this.targets[pc] = 1 + this.length;
        if (this.interruptible) this.emit(Internal.look, pc);
      }
      if (this.traced) this.emit(Internal.trace, pc);
      if (this.blockAt < 0) this.openBlock();
      pc = this.instruction(byte, pc, size);
    }
    this.closeBlock();
    if (this.traced) this.emit(Internal.trace, pc);
    this.emit(code.stop, 0);
    for (const index of this.unresolved) this.args[index] = (this.targets[this.args[index] as number] ?? 0) - 1;
    return {
      bytes,
      ops: this.ops.slice(0, this.length),
      args: this.args.slice(0, this.length),
      constants: this.constants,
      blocks: this.blocks.slice(0, this.blocksLength),
      targets: this.targets,
      delegate: parseDelegation(bytes),
    };
  }

  /** Emits the instruction at `pc` and gives where to go on. */
  private instruction(byte: number, pc: number, size: number): number {
    const flow = this.table.flow[byte];
    const next = pc + size;
    if (flow === Flow.undefined) {
      this.emit(code.invalid, byte);
      return this.skipDead(next);
    }
    this.account(byte);
    if (byte === code.jumpdest) return next;
    if (byte >= code.push0 && byte <= code.push32) return this.push(pc, size);
    if (byte === code.pc) this.emit(Internal.pushSmall, pc);
    else this.emit(byte, byte);
    if (flow === Flow.endsCode) return this.skipDead(next);
    if (flow === Flow.endsBlock) this.closeBlock();
    return next;
  }

  private push(pc: number, size: number): number {
    const next = pc + size;
    const word = this.immediate(pc + 1, size - 1);
    const following = this.bytes[next];
    if (!this.traced && (following === code.jump || following === code.jumpi)) {
      this.account(following);
      const target = typeof word === "number" && word < this.bytes.length ? word : this.bytes.length;
      this.unresolved.push(this.length);
      this.emit(following === code.jump ? Internal.jumpTo : Internal.jumpToIf, target);
      if (following === code.jump) return this.skipDead(next + 1);
      this.closeBlock();
      return next + 1;
    }
    if (typeof word === "number") this.emit(Internal.pushSmall, word);
    else this.emit(Internal.pushBig, this.constants.push(word) - 1);
    return next;
  }

  /** A pushed word; code that ends inside of it continues with zeros. */
  private immediate(start: number, size: number): Word {
    const { bytes } = this;
    if (size === 0) return 0;
    if (size === 1) return bytes[start] ?? 0;
    if (size === 2) return ((bytes[start] ?? 0) << 8) | (bytes[start + 1] ?? 0);
    scratch.fill(0);
    scratch.set(bytes.subarray(start, start + size), 32 - size);
    return readWord(scratchView, 0);
  }

  private account(byte: number): void {
    const pops = this.table.pops[byte] as number;
    this.gas += this.table.gas[byte] as number;
    if (pops - this.height > this.needed) this.needed = pops - this.height;
    this.height += (this.table.pushes[byte] as number) - pops;
    if (this.height > this.peak) this.peak = this.height;
  }

  private openBlock(): void {
    this.blockAt = this.blocksLength;
    this.blocksLength += 3;
    this.emit(Internal.block, this.blockAt);
    if (this.blocksLength <= this.blocks.length) return;
    const grown = new Int32Array(2 * this.blocks.length);
    grown.set(this.blocks);
    this.blocks = grown;
  }

  private closeBlock(): void {
    if (this.blockAt < 0) return;
    this.blocks[this.blockAt] = this.gas;
    this.blocks[this.blockAt + 1] = this.needed;
    this.blocks[this.blockAt + 2] = stackItems - this.peak;
    this.blockAt = -1;
    this.gas = this.height = this.needed = this.peak = 0;
  }

  private skipDead(from: number): number {
    this.closeBlock();
    let pc = from;
    while (pc < this.bytes.length) {
      const byte = this.bytes[pc] as number;
      if (byte === code.jumpdest) break;
      pc += byte > code.push0 && byte <= code.push32 ? 1 + byte - code.push0 : 1;
    }
    return pc;
  }

  private emit(op: number, arg: number): void {
    this.ops[this.length] = op;
    this.args[this.length] = arg;
    this.length++;
  }
}
