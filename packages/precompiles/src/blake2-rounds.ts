import { get, int32, int64, load64, op, set, store64, tee, type } from "@koinon/wasm-assembler/instructions";
import { unsigned } from "@koinon/wasm-assembler/leb128";
import { compileRoutine } from "@koinon/wasm-assembler/routine";

// RFC 7693 section 2.7: which message word each step of a round takes; round i uses row i mod 10.
const schedule: readonly (readonly number[])[] = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
  [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
  [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
  [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
  [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
  [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
  [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
  [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
  [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
];

// RFC 7693 section 3.2: columns, then diagonals.
const mixes: readonly (readonly [a: number, b: number, c: number, d: number])[] = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
];

// Memory of the module: the 16 words v, the 16 words m, then the schedule as byte offsets of words of m.
const messageOffset = 128;
const scheduleOffset = 256;
const scheduleBytes = 160;

// Locals of the function: its parameter, the place in the schedule, and v.
const roundsLeft = 0;
const place = 1;
const word = (index: number): number => 2 + index;

/** The rounds of BLAKE2b's compression function (RFC 7693 section 3.2) over words in `memory`. */
export interface Blake2Rounds {
  /** Little-endian: v in the first 128 bytes, m in the next 128. */
  readonly memory: Uint8Array;
  /** Mixes m into v, at least once, beginning with the first row of the schedule. */
  mix(rounds: number): void;
}

/**
 * Compiles the rounds. JavaScript has no fast 64-bit integers, and F at one gas per round (EIP-152) is the cheapest work
 * there is, so the loop is assembled for WebAssembly, whose `i64.rotr` makes it ten times as fast.
 */
export function compileBlake2Rounds(): Blake2Rounds {
  const { memory, run } = compileRoutine({
    parameters: 1,
    locals: [
      [1, type.i32],
      [16, type.i64],
    ],
    body: roundsBody(),
  });
  const bytes = new Uint8Array(memory);
  bytes.set(
    schedule.flat().map((index) => 8 * index),
    scheduleOffset,
  );
  return { memory: bytes, mix: run };
}

function roundsBody(): number[] {
  const words = Array.from({ length: 16 }, (_, index) => index);
  return [
    ...words.flatMap((index) => [...int32(0), ...load64(8 * index), ...set(word(index))]),
    op.loop,
    type.none,
    ...mixes.flatMap((mix, index) => mixBody(mix, 2 * index)),
    // The next row of the schedule, or the first one again.
    ...[...get(place), ...int32(16), op.i32Add, ...tee(place)],
    ...[...int32(scheduleBytes), op.i32Equal, op.if, type.none],
    ...[...int32(0), ...set(place), op.end],
    ...[...get(roundsLeft), ...int32(1), op.i32Subtract, ...tee(roundsLeft)],
    ...[op.brIf, 0, op.end],
    ...words.flatMap((index) => [...int32(0), ...get(word(index)), ...store64(8 * index)]),
  ];
}

/** RFC 7693 section 3.1, function G, with the message words at two steps of the schedule. */
function mixBody([a, b, c, d]: readonly [number, number, number, number], step: number): number[] {
  const getWord = (index: number): number[] => get(word(index));
  const setWord = (index: number): number[] => set(word(index));
  const message = (at: number): number[] => [
    ...[...get(place), op.i32Load8, 0, ...unsigned(scheduleOffset + at)],
    ...load64(messageOffset),
  ];
  const addMessage = (at: number): number[] => [
    ...[...getWord(a), ...getWord(b), op.i64Add, ...message(at), op.i64Add, ...setWord(a)],
  ];
  const xorRotate = (target: number, other: number, bits: number): number[] => [
    ...[...getWord(target), ...getWord(other), op.i64Xor, ...int64(bits), op.i64RotateRight, ...setWord(target)],
  ];
  const add = (target: number, other: number): number[] => [
    ...getWord(target),
    ...getWord(other),
    op.i64Add,
    ...setWord(target),
  ];
  return [
    ...[...addMessage(step), ...xorRotate(d, a, 32), ...add(c, d), ...xorRotate(b, c, 24)],
    ...[...addMessage(step + 1), ...xorRotate(d, a, 16), ...add(c, d), ...xorRotate(b, c, 63)],
  ];
}
