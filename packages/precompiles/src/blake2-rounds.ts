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

// Instructions of the WebAssembly specification, section 5.4.
const op = {
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
  i32Equal: 0x46,
  i32Add: 0x6a,
  i32Subtract: 0x6b,
  i64Const: 0x42,
  i64Add: 0x7c,
  i64Xor: 0x85,
  i64RotateRight: 0x8a,
} as const;
const type = { i32: 0x7f, i64: 0x7e, none: 0x40 } as const;

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

// The types of Node leave out this global, which it has.
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

/**
 * Compiles the rounds. JavaScript has no fast 64-bit integers, and F at one gas per round (EIP-152) is the cheapest work
 * there is, so the loop is assembled for WebAssembly, whose `i64.rotr` makes it ten times as fast.
 */
export function compileBlake2Rounds(): Blake2Rounds {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(assembleModule()));
  const { memory, mix } = instance.exports as { memory: { buffer: ArrayBuffer }; mix(rounds: number): void };
  const bytes = new Uint8Array(memory.buffer);
  bytes.set(
    schedule.flat().map((index) => 8 * index),
    scheduleOffset,
  );
  return { memory: bytes, mix };
}

function assembleModule(): Uint8Array<ArrayBuffer> {
  const locals = vector([
    [1, type.i32],
    [16, type.i64],
  ]);
  const body = [...locals, ...roundsBody(), op.end];
  const functionType = [0x60, 1, type.i32, 0];
  const memoryOfOnePage = [0x01, 1, 1];
  const exports = vector([
    [...text("memory"), 0x02, 0],
    [...text("mix"), 0x00, 0],
  ]);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // "\0asm", version 1
    ...section(1, vector([functionType])),
    ...section(3, vector([[0]])),
    ...section(5, vector([memoryOfOnePage])),
    ...section(7, exports),
    ...section(10, vector([[...unsigned(body.length), ...body]])),
  ]);
}

function roundsBody(): number[] {
  const words = Array.from({ length: 16 }, (_, index) => index);
  return [
    ...words.flatMap((index) => [op.i32Const, 0, op.i64Load, 3, ...unsigned(8 * index), op.localSet, word(index)]),
    op.loop,
    type.none,
    ...mixes.flatMap((mix, index) => mixBody(mix, 2 * index)),
    // The next row of the schedule, or the first one again.
    ...[op.localGet, place, op.i32Const, ...signed(16), op.i32Add, op.localTee, place],
    ...[op.i32Const, ...signed(scheduleBytes), op.i32Equal, op.if, type.none],
    ...[op.i32Const, 0, op.localSet, place, op.end],
    ...[op.localGet, roundsLeft, op.i32Const, ...signed(1), op.i32Subtract, op.localTee, roundsLeft],
    ...[op.brIf, 0, op.end],
    ...words.flatMap((index) => [op.i32Const, 0, op.localGet, word(index), op.i64Store, 3, ...unsigned(8 * index)]),
  ];
}

/** RFC 7693 section 3.1, function G, with the message words at two steps of the schedule. */
function mixBody([a, b, c, d]: readonly [number, number, number, number], step: number): number[] {
  const get = (index: number): number[] => [op.localGet, word(index)];
  const set = (index: number): number[] => [op.localSet, word(index)];
  const message = (at: number): number[] => [
    ...[op.localGet, place, op.i32Load8, 0, ...unsigned(scheduleOffset + at)],
    ...[op.i64Load, 3, ...unsigned(messageOffset)],
  ];
  const addMessage = (at: number): number[] => [
    ...[...get(a), ...get(b), op.i64Add, ...message(at), op.i64Add, ...set(a)],
  ];
  const xorRotate = (target: number, other: number, bits: number): number[] => [
    ...[...get(target), ...get(other), op.i64Xor, op.i64Const, ...signed(bits), op.i64RotateRight, ...set(target)],
  ];
  const add = (target: number, other: number): number[] => [...get(target), ...get(other), op.i64Add, ...set(target)];
  return [
    ...[...addMessage(step), ...xorRotate(d, a, 32), ...add(c, d), ...xorRotate(b, c, 24)],
    ...[...addMessage(step + 1), ...xorRotate(d, a, 16), ...add(c, d), ...xorRotate(b, c, 63)],
  ];
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
