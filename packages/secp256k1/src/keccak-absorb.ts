// Keccak-f[1600] (FIPS 202, section 3) for WebAssembly, assembled here: JavaScript has no fast 64-bit integers, and a compiled
// library spends half of the time of a short hash on its way in and out.

/** The sponge of Keccak-256 in memory of its own. */
export interface KeccakSponge {
  /** The state is the first 200 bytes, the digest the first 32 of them; input lies from `inputOffset` on. */
  readonly memory: ArrayBuffer;
  /** Absorbs blocks of `rateBytes` that lie in memory. */
  absorb(offset: number, blocks: number): void;
}

/** Bytes of a block of Keccak-256. */
export const rateBytes = 136;
/** Behind the state and the round constants. */
export const inputOffset = 512;
/** Blocks that fit into memory. */
export const blocksMax = Math.floor((65_536 - inputOffset) / rateBytes);

const constantsOffset = 256;

/** FIPS 202, section 3.2.5. */
const roundConstants: readonly bigint[] = [
  ...[0x0000000000000001n, 0x0000000000008082n, 0x800000000000808an, 0x8000000080008000n, 0x000000000000808bn],
  ...[0x0000000080000001n, 0x8000000080008081n, 0x8000000000008009n, 0x000000000000008an, 0x0000000000000088n],
  ...[0x0000000080008009n, 0x000000008000000an, 0x000000008000808bn, 0x800000000000008bn, 0x8000000000008089n],
  ...[0x8000000000008003n, 0x8000000000008002n, 0x8000000000000080n, 0x000000000000800an, 0x800000008000000an],
  ...[0x8000000080008081n, 0x8000000000008080n, 0x0000000080000001n, 0x8000000080008008n],
];

/** FIPS 202, section 3.2.2, by lane x + 5y, modulo 64. */
const rotations: readonly number[] = [
  ...[0, 1, 62, 28, 27],
  ...[36, 44, 6, 55, 20],
  ...[3, 10, 43, 25, 39],
  ...[41, 45, 15, 21, 8],
  ...[18, 2, 61, 56, 14],
];

// Instructions of the WebAssembly specification, section 5.4.
const op = {
  loop: 0x03,
  end: 0x0b,
  brIf: 0x0d,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  i64Load: 0x29,
  i64Store: 0x37,
  i32Const: 0x41,
  i64Const: 0x42,
  i32LessUnsigned: 0x49,
  i32Add: 0x6a,
  i32Subtract: 0x6b,
  i64And: 0x83,
  i64Xor: 0x85,
  i64RotateLeft: 0x89,
} as const;
const type = { i32: 0x7f, i64: 0x7e, none: 0x40 } as const;

// Locals: the parameters, two copies of the state that rounds go between, what theta adds to each column, and a row.
const offset = 0;
const blocksLeft = 1;
const even = (lane: number): number => 2 + lane;
const odd = (lane: number): number => 27 + lane;
const added = (x: number): number => 52 + x;
const row = (x: number): number => 57 + x;
const constant = 62;

// The types of Node leave out this global, which it has.
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

/** Compiles the sponge; its state is zero. */
export function compileKeccakSponge(): KeccakSponge {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(assembleModule()));
  const { memory, absorb } = instance.exports as {
    memory: { buffer: ArrayBuffer };
    absorb: KeccakSponge["absorb"];
  };
  const view = new DataView(memory.buffer);
  for (const [round, value] of roundConstants.entries()) view.setBigUint64(constantsOffset + 8 * round, value, true);
  return { memory: memory.buffer, absorb };
}

function assembleModule(): Uint8Array<ArrayBuffer> {
  const locals = vector([
    [60, type.i64],
    [1, type.i32],
  ]);
  const body = [...locals, ...absorbBody(), op.end];
  const exports = vector([
    [...text("memory"), 0x02, 0],
    [...text("absorb"), 0x00, 0],
  ]);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // "\0asm", version 1
    ...section(1, vector([[0x60, 2, type.i32, type.i32, 0]])),
    ...section(3, vector([[0]])),
    ...section(5, vector([[0x01, 1, 1]])),
    ...section(7, exports),
    ...section(10, vector([[...unsigned(body.length), ...body]])),
  ]);
}

const get = (local: number): number[] => [op.localGet, local];
const set = (local: number): number[] => [op.localSet, local];
const load = (local: number, at: number): number[] => [...get(local), op.i64Load, 3, ...unsigned(at)];
const lanes = Array.from({ length: 25 }, (_, lane) => lane);
const five = [0, 1, 2, 3, 4] as const;

function absorbBody(): number[] {
  return [
    ...lanes.flatMap((lane) => [op.i32Const, 0, op.i64Load, 3, ...unsigned(8 * lane), ...set(even(lane))]),
    ...[op.loop, type.none],
    ...lanes
      .slice(0, rateBytes / 8)
      .flatMap((lane) => [...get(even(lane)), ...load(offset, 8 * lane), op.i64Xor, ...set(even(lane))]),
    ...[op.i32Const, 0, ...set(constant), op.loop, type.none],
    ...round(even, odd, 0),
    ...round(odd, even, 1),
    ...[...get(constant), op.i32Const, ...signed(16), op.i32Add, op.localTee, constant],
    ...[op.i32Const, ...signed(8 * roundConstants.length), op.i32LessUnsigned, op.brIf, 0, op.end],
    ...[...get(offset), op.i32Const, ...signed(rateBytes), op.i32Add, ...set(offset)],
    ...[...get(blocksLeft), op.i32Const, ...signed(1), op.i32Subtract, op.localTee, blocksLeft, op.brIf, 0, op.end],
    ...lanes.flatMap((lane) => [op.i32Const, 0, ...get(even(lane)), op.i64Store, 3, ...unsigned(8 * lane)]),
  ];
}

/** One round (FIPS 202, section 3.3) from one copy of the state to the other. */
function round(from: (lane: number) => number, to: (lane: number) => number, step: number): number[] {
  const rotate = (by: number): number[] => (by === 0 ? [] : [op.i64Const, ...signed(by), op.i64RotateLeft]);
  const parity = five.flatMap((x) => [
    ...get(from(x)),
    ...[5, 10, 15, 20].flatMap((y) => [...get(from(x + y)), op.i64Xor]),
    ...set(row(x)),
  ]);
  const theta = five.flatMap((x) => [
    ...[...get(row((x + 4) % 5)), ...get(row((x + 1) % 5)), ...rotate(1), op.i64Xor, ...set(added(x))],
  ]);
  // Pi brings lane x, y to y, 2x + 3y: row by row of what comes out.
  const rows = five.flatMap((y) => [
    ...five.flatMap((x) => {
      const column = five.find((each) => (2 * each + 3 * x) % 5 === y) ?? 0;
      const lane = column + 5 * x;
      return [...get(from(lane)), ...get(added(column)), op.i64Xor, ...rotate(rotations[lane] ?? 0), ...set(row(x))];
    }),
    ...five.flatMap((x) => [
      ...[...get(row(x)), ...get(row((x + 1) % 5)), op.i64Const, ...minusOne, op.i64Xor],
      ...[...get(row((x + 2) % 5)), op.i64And, op.i64Xor],
      ...(x + y === 0 ? [...load(constant, constantsOffset + 8 * step), op.i64Xor] : []),
      ...set(to(x + 5 * y)),
    ]),
  ]);
  return [...parity, ...theta, ...rows];
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...unsigned(content.length), ...content];
}

function vector(items: readonly (readonly number[])[]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

function text(name: string): number[] {
  return vector([...Buffer.from(name)].map((byte) => [byte]));
}

/** LEB128 of a non-negative number. */
function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

/** Signed LEB128 of a non-negative number: bit 6 of the last byte is its sign. */
function signed(value: number): number[] {
  return value < 0x40 ? [value] : [(value & 0x7f) | 0x80, ...signed(value >>> 7)];
}

/** Signed LEB128 of -1. */
const minusOne = [0x7f];
