import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { get, int32, int64, load64, op, set, store64, tee, type } from "./instructions.ts";
import { signed, unsigned } from "./leb128.ts";
import { compileRoutine } from "./routine.ts";

describe("LEB128", () => {
  // WebAssembly specification, section 5.2.2, and Wikipedia's examples.
  test.each([
    [0, [0]],
    [3, [3]],
    [127, [0x7f]],
    [128, [0x80, 1]],
    [624_485, [0xe5, 0x8e, 0x26]],
    [2 ** 32 - 1, [0xff, 0xff, 0xff, 0xff, 0x0f]],
  ])("unsigned %d", (value, bytes) => {
    expect(unsigned(value)).toEqual(bytes);
  });

  test.each([
    [0, [0]],
    [63, [0x3f]],
    [64, [0xc0, 0]],
    [-1, [0x7f]],
    [-64, [0x40]],
    [-65, [0xbf, 0x7f]],
    [-123_456, [0xc0, 0xbb, 0x78]],
    [-(2 ** 31), [0x80, 0x80, 0x80, 0x80, 0x78]],
  ])("signed %d", (value, bytes) => {
    expect(signed(value)).toEqual(bytes);
  });
});

describe("a routine", () => {
  test("knows the constants that it was assembled with", () => {
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), fc.nat(65_528), (value, at) => {
        const address = at - (at % 8);
        const { memory, run } = compileRoutine({
          parameters: 0,
          locals: [],
          body: [...int32(0), ...int64(value), ...store64(address)],
        });
        run();
        expect(new DataView(memory).getBigInt64(address, true)).toBe(BigInt(value));
      }),
    );
  });

  test("has parameters, locals of both types and loops", () => {
    // Adds up the words at an address: locals are the address, how many are left, 200 of no use, and the sum.
    const sum = 202;
    const { memory, run } = compileRoutine({
      parameters: 2,
      locals: [
        [200, type.i32],
        [1, type.i64],
      ],
      body: [
        ...[op.loop, type.none, ...get(0), ...load64(0), ...get(sum), op.i64Add, ...set(sum)],
        ...[...get(0), ...int32(8), op.i32Add, ...set(0)],
        ...[...get(1), ...int32(1), op.i32Subtract, ...tee(1), op.brIf, 0, op.end],
        ...[...int32(0), ...get(sum), ...store64(0)],
      ],
    });
    const view = new DataView(memory);
    for (let index = 0; index < 1_000; index++) view.setBigUint64(8 + 8 * index, BigInt(index), true);
    run(8, 1_000);
    expect(view.getBigUint64(0, true)).toBe(499_500n);
    expect(memory.byteLength).toBe(65_536);
  });

  test("that is not valid is refused", () => {
    expect(() => compileRoutine({ parameters: 0, locals: [], body: [op.i64Add] })).toThrow(/expected|stack/i);
  });
});
