import { get, int32, int64, load64, op, set, store64, tee, type } from "@koinon/wasm-assembler/instructions";
import { compileRoutine } from "@koinon/wasm-assembler/routine";

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

// Locals: the parameters, two copies of the state that rounds go between, what theta adds to each column, and a row.
const offset = 0;
const blocksLeft = 1;
const even = (lane: number): number => 2 + lane;
const odd = (lane: number): number => 27 + lane;
const added = (x: number): number => 52 + x;
const row = (x: number): number => 57 + x;
const constant = 62;

/** Compiles the sponge; its state is zero. */
export function compileKeccakSponge(): KeccakSponge {
  const { memory, run } = compileRoutine({
    parameters: 2,
    locals: [
      [60, type.i64],
      [1, type.i32],
    ],
    body: absorbBody(),
  });
  const view = new DataView(memory);
  for (const [round, value] of roundConstants.entries()) view.setBigUint64(constantsOffset + 8 * round, value, true);
  return { memory, absorb: run };
}

const load = (local: number, at: number): number[] => [...get(local), ...load64(at)];
const lanes = Array.from({ length: 25 }, (_, lane) => lane);
const five = [0, 1, 2, 3, 4] as const;

function absorbBody(): number[] {
  return [
    ...lanes.flatMap((lane) => [...int32(0), ...load64(8 * lane), ...set(even(lane))]),
    ...[op.loop, type.none],
    ...lanes
      .slice(0, rateBytes / 8)
      .flatMap((lane) => [...get(even(lane)), ...load(offset, 8 * lane), op.i64Xor, ...set(even(lane))]),
    ...[...int32(0), ...set(constant), op.loop, type.none],
    ...round(even, odd, 0),
    ...round(odd, even, 1),
    ...[...get(constant), ...int32(16), op.i32Add, ...tee(constant)],
    ...[...int32(8 * roundConstants.length), op.i32LessUnsigned, op.brIf, 0, op.end],
    ...[...get(offset), ...int32(rateBytes), op.i32Add, ...set(offset)],
    ...[...get(blocksLeft), ...int32(1), op.i32Subtract, ...tee(blocksLeft), op.brIf, 0, op.end],
    ...lanes.flatMap((lane) => [...int32(0), ...get(even(lane)), ...store64(8 * lane)]),
  ];
}

/** One round (FIPS 202, section 3.3) from one copy of the state to the other. */
function round(from: (lane: number) => number, to: (lane: number) => number, step: number): number[] {
  const rotate = (by: number): number[] => (by === 0 ? [] : [...int64(by), op.i64RotateLeft]);
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
      ...[...get(row(x)), ...get(row((x + 1) % 5)), ...int64(-1), op.i64Xor],
      ...[...get(row((x + 2) % 5)), op.i64And, op.i64Xor],
      ...(x + y === 0 ? [...load(constant, constantsOffset + 8 * step), op.i64Xor] : []),
      ...set(to(x + 5 * y)),
    ]),
  ]);
  return [...parity, ...theta, ...rows];
}
