import { signed, unsigned } from "./leb128.ts";

/** Opcodes of the WebAssembly specification, section 5.4: those in use. */
export const op = {
  loop: 0x03,
  if: 0x04,
  end: 0x0b,
  brIf: 0x0d,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  i64Load: 0x29,
  i32Load8: 0x2d,
  i64Store: 0x37,
  i32Const: 0x41,
  i64Const: 0x42,
  i32Equal: 0x46,
  i32LessUnsigned: 0x49,
  i32Add: 0x6a,
  i32Subtract: 0x6b,
  i64Add: 0x7c,
  i64And: 0x83,
  i64Xor: 0x85,
  i64RotateLeft: 0x89,
  i64RotateRight: 0x8a,
} as const;

/** Types of values, and of a block that leaves none (section 5.3). */
export const type = { i32: 0x7f, i64: 0x7e, none: 0x40 } as const;

/** Pushes a local, which is given by its index: parameters first. */
export function get(local: number): number[] {
  return [op.localGet, ...unsigned(local)];
}

/** Pops into a local. */
export function set(local: number): number[] {
  return [op.localSet, ...unsigned(local)];
}

/** Stores into a local what stays on the stack. */
export function tee(local: number): number[] {
  return [op.localTee, ...unsigned(local)];
}

/** Pushes a 32-bit integer. */
export function int32(value: number): number[] {
  return [op.i32Const, ...signed(value)];
}

/** Pushes a 64-bit integer that 32 bits hold. */
export function int64(value: number): number[] {
  return [op.i64Const, ...signed(value)];
}

/** Pops an address that is a multiple of 8 and pushes the 64-bit word `offset` bytes behind it. */
export function load64(offset: number): number[] {
  return [op.i64Load, 3, ...unsigned(offset)];
}

/** Pops a 64-bit word, then an address that is a multiple of 8, and writes it `offset` bytes behind that. */
export function store64(offset: number): number[] {
  return [op.i64Store, 3, ...unsigned(offset)];
}
