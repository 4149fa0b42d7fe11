import type { Address } from "@koinon/secp256k1/address";
import { bytesToHex } from "@koinon/secp256k1/hex";
import type { Opcode } from "./opcode-table.ts";
import { bytesToWord } from "./word.ts";

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
const endsCode = new Set([0x00, 0x56, 0xf3, 0xfd, 0xfe, 0xff]);
// JUMPI, SSTORE, GAS, CREATE, CALL, CALLCODE, DELEGATECALL, CREATE2, STATICCALL: the next instruction begins a block.
const endsBlock = new Set([0x57, 0x55, 0x5a, 0xf0, 0xf1, 0xf2, 0xf4, 0xf5, 0xfa]);

const stackItems = 1024;
const delegationSize = 23;

/** EIP-7702: the address in a delegation designator, undefined for other code. */
export function parseDelegation(bytes: Uint8Array): Address | undefined {
  if (bytes.length !== delegationSize || bytes[0] !== 0xef || bytes[1] !== 0x01 || bytes[2] !== 0x00) return undefined;
  return bytesToHex(bytes.subarray(3));
}

/** Decodes bytecode under a fork's instructions; with `traced` every instruction is a block behind a call to the tracer. */
export function decodeProgram(bytes: Uint8Array, opcodes: readonly (Opcode | undefined)[], traced: boolean): Program {
  const decoder = new Decoder(bytes, opcodes, traced);
  return decoder.decode();
}

class Decoder {
  private readonly bytes: Uint8Array;
  private readonly opcodes: readonly (Opcode | undefined)[];
  private readonly traced: boolean;
  private readonly ops: Uint8Array;
  private readonly args: Int32Array;
  private readonly targets: Int32Array;
  private readonly constants: bigint[] = [];
  private readonly blocks: number[] = [];
  private length = 0;
  /** Instructions whose operand is a byte offset until all targets are known. */
  private readonly unresolved: number[] = [];
  private gas = 0;
  private height = 0;
  private needed = 0;
  private peak = 0;
  private blockAt = -1;

  constructor(bytes: Uint8Array, opcodes: readonly (Opcode | undefined)[], traced: boolean) {
    const capacity = bytes.length * (traced ? 3 : 2) + 4;
    this.bytes = bytes;
    this.opcodes = opcodes;
    this.traced = traced;
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
      if (byte === code.jumpdest) this.targets[pc] = 1 + this.length;
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
      blocks: Int32Array.from(this.blocks),
      targets: this.targets,
      delegate: parseDelegation(bytes),
    };
  }

  /** Emits the instruction at `pc` and gives where to go on. */
  private instruction(byte: number, pc: number, size: number): number {
    const opcode = this.opcodes[byte];
    const next = pc + size;
    if (opcode === undefined) {
      this.emit(code.invalid, byte);
      return this.skipDead(next);
    }
    this.account(opcode);
    if (byte === code.jumpdest) return next;
    if (byte >= code.push0 && byte <= code.push32) return this.push(pc, size);
    if (byte === code.pc) this.emit(Internal.pushSmall, pc);
    else this.emit(byte, byte);
    if (endsCode.has(byte)) return this.skipDead(next);
    if (endsBlock.has(byte)) this.closeBlock();
    return next;
  }

  private push(pc: number, size: number): number {
    const next = pc + size;
    const word = this.immediate(pc + 1, size - 1);
    const following = this.bytes[next];
    if (!this.traced && (following === code.jump || following === code.jumpi)) {
      this.account(this.opcodes[following] as Opcode);
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
  private immediate(start: number, size: number): number | bigint {
    if (start + size <= this.bytes.length) return bytesToWord(this.bytes.subarray(start, start + size));
    const padded = new Uint8Array(size);
    padded.set(this.bytes.subarray(start));
    return bytesToWord(padded);
  }

  private account(opcode: Opcode): void {
    this.gas += opcode.gas;
    this.needed = Math.max(this.needed, opcode.pops - this.height);
    this.height += opcode.pushes - opcode.pops;
    this.peak = Math.max(this.peak, this.height);
  }

  private openBlock(): void {
    this.blockAt = this.blocks.length;
    this.emit(Internal.block, this.blockAt);
    this.blocks.push(0, 0, 0);
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
