import { describe, expect, test } from "@jest/globals";
import { hexToBytes } from "@koinon/secp256k1/hex";
import { CodeCache } from "./code-cache.ts";
import { opcodesOf } from "./opcode-table.ts";
import { DecodeTable, decodeProgram, Internal, parseDelegation } from "./program.ts";

const osaka = opcodesOf("osaka");
const table = new DecodeTable(osaka);
const plain = { traced: false, interruptible: false };
const decode = (hex: `0x${string}`) => decodeProgram(hexToBytes(hex), table, plain);

describe("decodeProgram", () => {
  test("a JUMPDEST inside of pushed bytes is none", () => {
    const { targets } = decode("0x605b5b");
    expect([...targets].map((target) => target > 0)).toEqual([false, false, true]);
  });

  test("a block is priced as a whole, up to and with what sees the gas left", () => {
    // PUSH1 1, PUSH1 2, ADD, GAS | POP, POP
    const { ops, blocks } = decode("0x60016002015a5050");
    expect([...ops].filter((op) => op === Internal.block)).toHaveLength(2);
    expect([...blocks]).toEqual([3 + 3 + 3 + 2, 0, 1022, 2 + 2, 2, 1024]);
  });

  test("a pushed target that is no JUMPDEST is known to be invalid", () => {
    const { ops, args } = decode("0x600356005b");
    const jump = ops.indexOf(Internal.jumpTo);
    expect(args[jump]).toBe(-1);
  });

  test("code that ends inside of a push continues with zeros", () => {
    const { constants } = decode("0x63ffff");
    expect(constants).toEqual([0xffff_0000n]);
  });

  test("what no jump reaches is left out", () => {
    expect([...decode("0x00600160015b00").ops]).toEqual([Internal.block, 0x00, Internal.block, 0x00, 0x00]);
  });

  test("instructions of later forks are invalid", () => {
    const clz = hexToBytes("0x60011e");
    expect(decodeProgram(clz, new DecodeTable(opcodesOf("prague")), plain).ops).toContain(0xfe);
    expect(decodeProgram(clz, table, plain).ops).toContain(0x1e);
  });
});

test("a delegation designator has its prefix and 23 bytes", () => {
  const address = "0x00000000000000000000000000000000000c0de0";
  expect(parseDelegation(hexToBytes(`0xef0100${address.slice(2)}`))).toBe(address);
  expect(parseDelegation(hexToBytes(`0xef0101${address.slice(2)}`))).toBeUndefined();
  expect(parseDelegation(hexToBytes(`0xef0100${address.slice(4)}`))).toBeUndefined();
});

test("the code cache forgets what was not used for longest", () => {
  const cache = new CodeCache({ opcodes: osaka, decoding: plain, sizeBytesMax: 8 });
  const loads: string[] = [];
  const get = (name: "0x0a" | "0x0b" | "0x0c"): void => {
    cache.get(name, () => {
      loads.push(name);
      return new Uint8Array(4);
    });
  };
  get("0x0a");
  get("0x0b");
  get("0x0a");
  get("0x0c");
  get("0x0a");
  get("0x0b");
  expect(loads).toEqual(["0x0a", "0x0b", "0x0c", "0x0b"]);
});
