import type { Fork } from "@koinon/ethereum/fork";
import type { Address } from "@koinon/secp256k1/address";
import { hexToBytes } from "@koinon/secp256k1/hex";
import { type Opcode, opcodesOf } from "../../src/opcode-table.ts";
import type { Random } from "./random.ts";

const op = { jump: 0x56, jumpi: 0x57, jumpdest: 0x5b, pc: 0x58, push1: 0x60, push32: 0x7f };
const calls = [0xf1, 0xf2, 0xf4, 0xfa];
const ends = new Set([0x00, 0xf3, 0xfd, 0xfe, 0xff]);

/** Words at which arithmetic tends to be wrong. */
const edges: readonly bigint[] = [
  ...[0n, 1n, 2n, 31n, 32n, 33n, 255n, 256n, 0xffn, 0xffffn, 0x7fffffffn, 0x80000000n, 0xffffffffn],
  ...[1n << 53n, (1n << 64n) - 1n, 1n << 128n, (1n << 160n) - 1n, (1n << 255n) - 1n, 1n << 255n, (1n << 256n) - 1n],
];

/** Writes programs that mostly run: the stack is tracked, offsets are small, calls go to known addresses. */
export class ProgramWriter {
  private readonly random: Random;
  private readonly addresses: readonly Address[];
  private readonly opcodes: readonly Opcode[];
  private code: number[] = [];
  private height = 0;

  constructor(random: Random, fork: Fork, addresses: readonly Address[]) {
    this.random = random;
    this.addresses = addresses;
    this.opcodes = opcodesOf(fork).filter((opcode) => opcode !== undefined);
  }

  write(instructions: number): Uint8Array {
    this.code = [];
    this.height = 0;
    for (let index = 0; index < instructions; index++) this.instruction();
    if (!this.random.oneIn(4)) this.finish();
    return Uint8Array.from(this.code);
  }

  private instruction(): void {
    const kind = this.random.below(100);
    if (kind < 25) this.push(this.word());
    else if (kind < 31) this.call();
    else if (kind < 33) this.create();
    else if (kind < 37) this.jump();
    else if (kind < 45) this.store();
    else if (kind < 46) this.code.push(this.random.below(256));
    else this.any();
  }

  private any(): void {
    const opcode = this.random.pick(this.opcodes);
    const { code, pops, pushes } = opcode;
    if (ends.has(code) && !this.random.oneIn(12)) return;
    if (code === op.jump || code === op.jumpi || calls.includes(code)) return;
    if (code >= op.push1 && code <= op.push32) {
      this.push(this.word());
      return;
    }
    const isDup = code >= 0x80 && code <= 0x9f;
    while (this.height < pops && !this.random.oneIn(60)) this.push(isDup ? this.word() : this.operand(code));
    this.code.push(code);
    this.height = Math.max(0, this.height + pushes - pops);
  }

  /** Operands that are offsets or sizes should be small, or all gas goes into memory. */
  private operand(code: number): bigint {
    const isArithmetic = code < 0x20;
    return isArithmetic || this.random.oneIn(40) ? this.word() : BigInt(this.random.below(100));
  }

  private call(): void {
    const code = this.random.pick(calls);
    const { random } = this;
    const ranges = [random.below(64), random.below(80), random.below(64), random.below(80)];
    for (const value of ranges) this.push(BigInt(value));
    if (code === 0xf1 || code === 0xf2) this.push(BigInt(random.oneIn(3) ? random.below(1000) : 0));
    this.push(BigInt(random.pick(this.addresses)));
    if (random.oneIn(3)) this.push(BigInt(random.below(200_000)));
    else this.code.push(0x5a);
    this.code.push(code);
    this.height = Math.max(0, this.height - ranges.length) + 1;
    if (random.oneIn(2)) this.code.push(0x3d, 0x60, 0x00, 0x60, random.below(64), 0x3e);
  }

  private create(): void {
    // Deploys the ten bytes that follow it; destroys itself; is noise.
    const initCodes = [hexToBytes("0x600a600c600039600a6000f3"), hexToBytes("0x600160025533ff"), this.random.bytes(8)];
    const initCode = this.random.pick(initCodes);
    this.push(BigInt(`0x${Buffer.from(initCode).toString("hex")}`));
    this.code.push(op.push1, 0x00, 0x52);
    const isCreate2 = this.random.oneIn(2);
    if (isCreate2) this.code.push(op.push1, this.random.below(4));
    this.code.push(op.push1, initCode.length, op.push1, 32 - initCode.length, op.push1, this.random.oneIn(3) ? 1 : 0);
    this.code.push(isCreate2 ? 0xf5 : 0xf0);
  }

  /** A jump over a few bytes, on a condition or not. */
  private jump(): void {
    const skipped = this.random.below(4);
    const conditional = this.random.oneIn(2);
    if (conditional) this.push(this.word());
    const target = this.code.length + 4 + skipped;
    this.code.push(0x61, target >> 8, target & 0xff, conditional ? op.jumpi : op.jump);
    for (let index = 0; index < skipped; index++) this.code.push(op.pc);
    if (!this.random.oneIn(20)) this.code.push(op.jumpdest);
    if (conditional) this.height = Math.max(0, this.height - 1);
  }

  /** Storage, persistent and transient, in few slots, so that values come back. */
  private store(): void {
    const transient = this.random.oneIn(3);
    const writes = 1 + this.random.below(3);
    for (let index = 0; index < writes; index++) {
      if (this.random.oneIn(4)) this.push(this.word());
      else this.push(BigInt(this.random.below(3)));
      this.code.push(op.push1, this.random.below(4), transient ? 0x5d : 0x55);
      this.height--;
    }
    this.code.push(op.push1, this.random.below(4), transient ? 0x5c : 0x54);
    this.height++;
  }

  /** Shows what is on the stack, in storage or in the output, and ends. */
  private finish(): void {
    for (let offset = 0; offset < 96 && this.height > 0; offset += 32) {
      const toStorage = this.random.oneIn(3);
      this.code.push(op.push1, toStorage ? 8 + offset : offset, toStorage ? 0x55 : 0x52);
      this.height--;
    }
    if (this.random.oneIn(10)) {
      this.push(BigInt(this.random.pick(this.addresses)));
      this.code.push(0xff);
    } else if (this.random.oneIn(2)) {
      this.code.push(op.push1, 0x60, op.push1, 0x00, this.random.oneIn(4) ? 0xfd : 0xf3);
    } else
      this.code.push(
        op.push1,
        this.random.below(96),
        op.push1,
        this.random.below(64),
        this.random.oneIn(3) ? 0xfd : 0xf3,
      );
  }

  private word(): bigint {
    const kind = this.random.below(4);
    if (kind === 0) return this.random.pick(edges);
    if (kind === 1) return BigInt(this.random.below(0x1_0000_0000));
    if (kind === 2) return BigInt(this.random.pick(this.addresses));
    return BigInt(`0x${Buffer.from(this.random.bytes(1 + this.random.below(32))).toString("hex")}`);
  }

  private push(value: bigint): void {
    const digits = value.toString(16);
    const bytes = Buffer.from(digits.padStart(digits.length + (digits.length % 2), "0"), "hex");
    this.code.push(op.push1 + bytes.length - 1, ...bytes);
    this.height++;
  }
}
