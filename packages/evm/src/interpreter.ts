import { add, addmod, byteLength, div, exp, mod, mul, mulmod, sdiv, signextend, smod, sub } from "./arithmetic.ts";
import { and, byte, clz, lt, not, or, sar, shl, shr, slt, xor } from "./bitwise.ts";
import type { Frame } from "./frame.ts";
import { gas as prices } from "./gas.ts";
import { Halt } from "./halt.ts";
import { handlers } from "./handlers.ts";
import type { Machine } from "./machine.ts";
import { numberToWord, readWord, type Word, writeWord } from "./word.ts";

/**
 * Runs a frame until it halts or enters another. The registers are local variables while it runs; instructions that reach
 * beyond stack, memory and jumps are handlers that find the registers in the frame. Instructions are in the order of their
 * codes, which are literals because only then V8 compiles the switch to a jump table.
 */
// biome-ignore lint/complexity/noExcessiveLinesPerFunction: one switch over all instructions is what runs fast.
export function interpret(machine: Machine, frame: Frame): number {
  const { ops, args, constants, blocks, targets } = frame.start.program;
  const { stack, memory } = frame;
  let pc = frame.pc;
  let sp = frame.sp;
  let gas = frame.gas;
  for (;;) {
    switch (ops[pc]) {
      case 0x00: // STOP
        frame.gas = gas;
        return Halt.success;
      case 0x01: // ADD
        sp--;
        stack[sp - 1] = add(stack[sp] as Word, stack[sp - 1] as Word);
        break;
      case 0x02: // MUL
        sp--;
        stack[sp - 1] = mul(stack[sp] as Word, stack[sp - 1] as Word);
        break;
      case 0x03: // SUB
        sp--;
        stack[sp - 1] = sub(stack[sp] as Word, stack[sp - 1] as Word);
        break;
      case 0x04: // DIV
        sp--;
        stack[sp - 1] = div(stack[sp] as Word, stack[sp - 1] as Word);
        break;
      case 0x05: // SDIV
        sp--;
        stack[sp - 1] = sdiv(stack[sp] as Word, stack[sp - 1] as Word);
        break;
      case 0x06: // MOD
        sp--;
        stack[sp - 1] = mod(stack[sp] as Word, stack[sp - 1] as Word);
        break;
      case 0x07: // SMOD
        sp--;
        stack[sp - 1] = smod(stack[sp] as Word, stack[sp - 1] as Word);
        break;
      case 0x08: // ADDMOD
        sp -= 2;
        stack[sp - 1] = addmod(stack[sp + 1] as Word, stack[sp] as Word, stack[sp - 1] as Word);
        break;
      case 0x09: // MULMOD
        sp -= 2;
        stack[sp - 1] = mulmod(stack[sp + 1] as Word, stack[sp] as Word, stack[sp - 1] as Word);
        break;
      case 0x0a: // EXP
        sp--;
        gas -= prices.expByte * byteLength(stack[sp - 1] as Word);
        if (gas < 0) return fail(frame, gas, Halt.outOfGas);
        stack[sp - 1] = exp(stack[sp] as Word, stack[sp - 1] as Word);
        break;
      case 0x0b: // SIGNEXTEND
        sp--;
        stack[sp - 1] = signextend(stack[sp] as Word, stack[sp - 1] as Word);
        break;
      case 0x0c: // a tracer watches
        frame.gas = gas;
        frame.sp = sp;
        machine.traceStep(frame, args[pc] as number);
        break;
      case 0x0d: // somebody may interrupt
        machine.look(gas);
        break;
      case 0x10: // LT
        sp--;
        stack[sp - 1] = lt(stack[sp] as Word, stack[sp - 1] as Word);
        break;
      case 0x11: // GT
        sp--;
        stack[sp - 1] = lt(stack[sp - 1] as Word, stack[sp] as Word);
        break;
      case 0x12: // SLT
        sp--;
        stack[sp - 1] = slt(stack[sp] as Word, stack[sp - 1] as Word);
        break;
      case 0x13: // SGT
        sp--;
        stack[sp - 1] = slt(stack[sp - 1] as Word, stack[sp] as Word);
        break;
      case 0x14: // EQ
        sp--;
        stack[sp - 1] = stack[sp] === stack[sp - 1] ? 1 : 0;
        break;
      case 0x15: // ISZERO
        stack[sp - 1] = stack[sp - 1] === 0 ? 1 : 0;
        break;
      case 0x16: // AND
        sp--;
        stack[sp - 1] = and(stack[sp] as Word, stack[sp - 1] as Word);
        break;
      case 0x17: // OR
        sp--;
        stack[sp - 1] = or(stack[sp] as Word, stack[sp - 1] as Word);
        break;
      case 0x18: // XOR
        sp--;
        stack[sp - 1] = xor(stack[sp] as Word, stack[sp - 1] as Word);
        break;
      case 0x19: // NOT
        stack[sp - 1] = not(stack[sp - 1] as Word);
        break;
      case 0x1a: // BYTE
        sp--;
        stack[sp - 1] = byte(stack[sp] as Word, stack[sp - 1] as Word);
        break;
      case 0x1b: // SHL
        sp--;
        stack[sp - 1] = shl(stack[sp] as Word, stack[sp - 1] as Word);
        break;
      case 0x1c: // SHR
        sp--;
        stack[sp - 1] = shr(stack[sp] as Word, stack[sp - 1] as Word);
        break;
      case 0x1d: // SAR
        sp--;
        stack[sp - 1] = sar(stack[sp] as Word, stack[sp - 1] as Word);
        break;
      case 0x1e: // CLZ
        stack[sp - 1] = clz(stack[sp - 1] as Word);
        break;
      case 0x30: // ADDRESS
        stack[sp++] = frame.start.account.word;
        break;
      case 0x33: // CALLER
        stack[sp++] = frame.start.caller;
        break;
      case 0x34: // CALLVALUE
        stack[sp++] = frame.start.value;
        break;
      case 0x36: // CALLDATASIZE
        stack[sp++] = frame.start.input.length;
        break;
      case 0x38: // CODESIZE
        stack[sp++] = frame.start.program.bytes.length;
        break;
      case 0x3d: // RETURNDATASIZE
        stack[sp++] = frame.returnData.length;
        break;
      case 0x50: // POP
        sp--;
        break;
      case 0x51: {
        // MLOAD
        const offset = stack[sp - 1] as Word;
        if (typeof offset !== "number") return fail(frame, gas, Halt.outOfGas);
        if (offset + 32 > memory.size) {
          gas -= memory.expansionCost(offset + 32);
          if (gas < 0) return fail(frame, gas, Halt.outOfGas);
          memory.grow(offset + 32);
        }
        stack[sp - 1] = readWord(memory.view, offset);
        break;
      }
      case 0x52: {
        // MSTORE
        sp -= 2;
        const offset = stack[sp + 1] as Word;
        if (typeof offset !== "number") return fail(frame, gas, Halt.outOfGas);
        if (offset + 32 > memory.size) {
          gas -= memory.expansionCost(offset + 32);
          if (gas < 0) return fail(frame, gas, Halt.outOfGas);
          memory.grow(offset + 32);
        }
        writeWord(memory.view, offset, stack[sp] as Word);
        break;
      }
      case 0x53: {
        // MSTORE8
        sp -= 2;
        const offset = stack[sp + 1] as Word;
        if (typeof offset !== "number") return fail(frame, gas, Halt.outOfGas);
        if (offset + 1 > memory.size) {
          gas -= memory.expansionCost(offset + 1);
          if (gas < 0) return fail(frame, gas, Halt.outOfGas);
          memory.grow(offset + 1);
        }
        memory.bytes[offset] = byte(31, stack[sp] as Word);
        break;
      }
      case 0x56: {
        // JUMP
        const target = stack[--sp] as Word;
        const next = typeof target === "number" && target < targets.length ? (targets[target] as number) : 0;
        if (next === 0) return fail(frame, gas, Halt.invalidJump);
        pc = next - 1;
        continue;
      }
      case 0x57: {
        // JUMPI
        sp -= 2;
        if (stack[sp] === 0) break;
        const target = stack[sp + 1] as Word;
        const next = typeof target === "number" && target < targets.length ? (targets[target] as number) : 0;
        if (next === 0) return fail(frame, gas, Halt.invalidJump);
        pc = next - 1;
        continue;
      }
      case 0x59: // MSIZE
        stack[sp++] = numberToWord(memory.size);
        break;
      case 0x5a: // GAS
        stack[sp++] = numberToWord(gas);
        break;
      case 0x5b: {
        // a block begins, with or without JUMPDEST
        const block = args[pc] as number;
        gas -= blocks[block] as number;
        if (sp < (blocks[block + 1] as number)) return fail(frame, gas, Halt.stackUnderflow);
        if (sp > (blocks[block + 2] as number)) return fail(frame, gas, Halt.stackOverflow);
        if (gas < 0) return fail(frame, gas, Halt.outOfGas);
        break;
      }
      case 0x60: // PUSH of a small word
        stack[sp++] = args[pc] as number;
        break;
      case 0x61: // PUSH of another word
        stack[sp++] = constants[args[pc] as number] as bigint;
        break;
      case 0x62: // PUSH, JUMP
        pc = args[pc] as number;
        if (pc < 0) return fail(frame, gas, Halt.invalidJump);
        continue;
      case 0x63: // PUSH, JUMPI
        if (stack[--sp] === 0) break;
        pc = args[pc] as number;
        if (pc < 0) return fail(frame, gas, Halt.invalidJump);
        continue;
      case 0x80: // DUP1
        stack[sp] = stack[sp - 1] as Word;
        sp++;
        break;
      case 0x81: // DUP2
        stack[sp] = stack[sp - 2] as Word;
        sp++;
        break;
      case 0x82: // DUP3
        stack[sp] = stack[sp - 3] as Word;
        sp++;
        break;
      case 0x83: // DUP4
        stack[sp] = stack[sp - 4] as Word;
        sp++;
        break;
      case 0x84: // DUP5
        stack[sp] = stack[sp - 5] as Word;
        sp++;
        break;
      case 0x85: // DUP6
        stack[sp] = stack[sp - 6] as Word;
        sp++;
        break;
      case 0x86: // DUP7
        stack[sp] = stack[sp - 7] as Word;
        sp++;
        break;
      case 0x87: // DUP8
        stack[sp] = stack[sp - 8] as Word;
        sp++;
        break;
      case 0x88: // DUP9
        stack[sp] = stack[sp - 9] as Word;
        sp++;
        break;
      case 0x89: // DUP10
        stack[sp] = stack[sp - 10] as Word;
        sp++;
        break;
      case 0x8a: // DUP11
        stack[sp] = stack[sp - 11] as Word;
        sp++;
        break;
      case 0x8b: // DUP12
        stack[sp] = stack[sp - 12] as Word;
        sp++;
        break;
      case 0x8c: // DUP13
        stack[sp] = stack[sp - 13] as Word;
        sp++;
        break;
      case 0x8d: // DUP14
        stack[sp] = stack[sp - 14] as Word;
        sp++;
        break;
      case 0x8e: // DUP15
        stack[sp] = stack[sp - 15] as Word;
        sp++;
        break;
      case 0x8f: // DUP16
        stack[sp] = stack[sp - 16] as Word;
        sp++;
        break;
      case 0x90: {
        // SWAP1
        const top = stack[sp - 1] as Word;
        stack[sp - 1] = stack[sp - 2] as Word;
        stack[sp - 2] = top;
        break;
      }
      case 0x91: {
        // SWAP2
        const top = stack[sp - 1] as Word;
        stack[sp - 1] = stack[sp - 3] as Word;
        stack[sp - 3] = top;
        break;
      }
      case 0x92: {
        // SWAP3
        const top = stack[sp - 1] as Word;
        stack[sp - 1] = stack[sp - 4] as Word;
        stack[sp - 4] = top;
        break;
      }
      case 0x93: {
        // SWAP4
        const top = stack[sp - 1] as Word;
        stack[sp - 1] = stack[sp - 5] as Word;
        stack[sp - 5] = top;
        break;
      }
      case 0x94: {
        // SWAP5
        const top = stack[sp - 1] as Word;
        stack[sp - 1] = stack[sp - 6] as Word;
        stack[sp - 6] = top;
        break;
      }
      case 0x95: {
        // SWAP6
        const top = stack[sp - 1] as Word;
        stack[sp - 1] = stack[sp - 7] as Word;
        stack[sp - 7] = top;
        break;
      }
      case 0x96: {
        // SWAP7
        const top = stack[sp - 1] as Word;
        stack[sp - 1] = stack[sp - 8] as Word;
        stack[sp - 8] = top;
        break;
      }
      case 0x97: {
        // SWAP8
        const top = stack[sp - 1] as Word;
        stack[sp - 1] = stack[sp - 9] as Word;
        stack[sp - 9] = top;
        break;
      }
      case 0x98: {
        // SWAP9
        const top = stack[sp - 1] as Word;
        stack[sp - 1] = stack[sp - 10] as Word;
        stack[sp - 10] = top;
        break;
      }
      case 0x99: {
        // SWAP10
        const top = stack[sp - 1] as Word;
        stack[sp - 1] = stack[sp - 11] as Word;
        stack[sp - 11] = top;
        break;
      }
      case 0x9a: {
        // SWAP11
        const top = stack[sp - 1] as Word;
        stack[sp - 1] = stack[sp - 12] as Word;
        stack[sp - 12] = top;
        break;
      }
      case 0x9b: {
        // SWAP12
        const top = stack[sp - 1] as Word;
        stack[sp - 1] = stack[sp - 13] as Word;
        stack[sp - 13] = top;
        break;
      }
      case 0x9c: {
        // SWAP13
        const top = stack[sp - 1] as Word;
        stack[sp - 1] = stack[sp - 14] as Word;
        stack[sp - 14] = top;
        break;
      }
      case 0x9d: {
        // SWAP14
        const top = stack[sp - 1] as Word;
        stack[sp - 1] = stack[sp - 15] as Word;
        stack[sp - 15] = top;
        break;
      }
      case 0x9e: {
        // SWAP15
        const top = stack[sp - 1] as Word;
        stack[sp - 1] = stack[sp - 16] as Word;
        stack[sp - 16] = top;
        break;
      }
      case 0x9f: {
        // SWAP16
        const top = stack[sp - 1] as Word;
        stack[sp - 1] = stack[sp - 17] as Word;
        stack[sp - 17] = top;
        break;
      }
      default: {
        frame.gas = gas;
        frame.sp = sp;
        frame.pc = pc + 1;
        const handler = handlers[ops[pc] as number];
        if (handler === undefined) return Halt.invalidOpcode;
        const halt = handler(machine, frame);
        if (halt !== Halt.none) return halt;
        gas = frame.gas;
        sp = frame.sp;
      }
    }
    pc++;
  }
}

/** Leaves the gas in the frame for a tracer: negative by what was missing. */
function fail(frame: Frame, gas: number, halt: number): number {
  frame.gas = gas;
  return halt;
}
